package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A log of a broker, read in its order from anywhere. Nothing is kept in the broker: whoever the
 * stream goes into keeps the place with what it wrote. When a connection breaks, another one begins
 * behind the last message that was handed over.
 *
 * <p>Thread rule: as {@link Source}.
 *
 * @param <R> what is read from, over one connection
 */
public abstract class LogSource<R extends AutoCloseable> implements Source {
  /** About how much goes into a batch. */
  protected static final int BLOCK_BYTES = 256 << 10;

  /** How often it looks whether more can come of what is read again. */
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long FOREVER_NANOS = TimeUnit.DAYS.toNanos(365);

  /** Where the messages come from. */
  protected final Address address;

  /** What the pipe gave. */
  protected final PipeContext context;

  /** What is read from. */
  protected final Standing<R> standing;

  private final StreamId stream;

  /** What was read beyond a place that was sought. */
  private final ArrayDeque<Batch> ready = new ArrayDeque<>();

  private long position;
  private long startPosition;
  private boolean ended;

  /**
   * Nothing is connected yet.
   *
   * @param stream what the messages make, unless the pipe has a name
   */
  protected LogSource(Address address, PipeContext context, StreamId stream) {
    this.address = address;
    this.context = context;
    StreamId asked = context.stream();
    this.stream = asked == null ? stream : asked;
    this.standing = new Standing<>(address, context);
  }

  /** The next message is the one behind this place. */
  protected abstract void goOnBehind(Cursor cursor) throws PipeException;

  /**
   * The next batch from the broker, or null when none came in time, the connection broke, or the
   * stream has ended.
   */
  protected abstract @Nullable Batch next(long timeoutNanos)
      throws PipeException, InterruptedException;

  /** Whether everything was read that was there when reading began. Blocks while connecting. */
  protected abstract boolean hasReadAll() throws PipeException, InterruptedException;

  /** Where the next batch begins. */
  protected final long position() {
    return position;
  }

  /** The batch that this writer holds, with the place behind it. */
  protected final Batch handOver(BatchWriter batch, Cursor behind) {
    batch.cursor(behind);
    Batch full = batch.toBatch(stream, position);
    position = full.endPosition();
    return full;
  }

  /** The stream ends behind what was handed over. */
  protected final void end() {
    ended = true;
  }

  /** Whether the stream has ended. */
  protected final boolean ended() {
    return ended;
  }

  @Override
  public final boolean wantsCommits() {
    return false;
  }

  @Override
  public final StreamId stream() {
    return stream;
  }

  @Override
  public final Encoding encoding() {
    return context.encoding();
  }

  @Override
  public final boolean replayable() {
    return true;
  }

  @Override
  public final boolean seek(Resume from) throws PipeException, InterruptedException {
    startPosition = from.position();
    Cursor cursor = from.cursor();
    if (cursor != null) {
      goOnBehind(cursor);
      position = from.cursorPosition();
      return false;
    }
    if (from.position() == 0) {
      return true;
    }
    return readAgain(from);
  }

  @Override
  public final @Nullable Batch read() throws PipeException, InterruptedException {
    Batch batch = null;
    while (batch == null && !finished()) {
      batch = read(FOREVER_NANOS);
    }
    return batch;
  }

  @Override
  public final @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read(timeout.compareTo(Duration.ofDays(365)) > 0 ? FOREVER_NANOS : timeout.toNanos());
  }

  @Override
  public final boolean finished() {
    return ended && ready.isEmpty();
  }

  /** Nothing: the place is kept by whoever the stream goes into. */
  @Override
  public final void commit(long committedPosition) {}

  /** Nothing: a log keeps what it has, and a reader cannot refuse it for others. */
  @Override
  public final void reject(long endPosition, Rejection why) {}

  @Override
  public final void close() {
    standing.close();
  }

  /** The sink knows its position and no place of ours: everything before it is read once more. */
  private boolean readAgain(Resume from) throws PipeException, InterruptedException {
    Digester digester = new Digester(Digest.EMPTY);
    while (position < from.position()) {
      if (ended || hasReadAll()) {
        throw new PipeException.DataLoss(
            address
                + " ends at position "
                + position
                + ", and the sink holds it up to "
                + from.position()
                + ": messages were deleted, or the sink's content is of another stream");
      }
      Batch batch = next(LOOK_NANOS);
      if (batch != null) {
        int index = batch.bytes().position();
        long before = Math.min(batch.lengthBytes(), from.position() - batch.position());
        digester.update(batch.bytes().slice(index, (int) before));
        ready.addAll(batch.behind(Math.min(from.position(), batch.endPosition())));
      }
    }
    Digest wanted = from.digest();
    if (wanted != null && !wanted.equals(digester.digest())) {
      throw new PipeException.DataLoss(
          address
              + " has other content before position "
              + from.position()
              + " than the sink holds; give it a sink of its own, or one that keeps the place");
    }
    return wanted != null;
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before reading " + address);
    }
    standing.checkOpen();
    long deadline = System.nanoTime() + timeoutNanos;
    while (ready.isEmpty() && !ended) {
      long restNanos = deadline - System.nanoTime();
      Batch batch = next(Math.max(restNanos, 0));
      if (batch != null) {
        ready.addAll(batch.behind(Math.max(startPosition, batch.position())));
      } else if (restNanos <= 0) {
        return null;
      }
    }
    return ready.poll();
  }
}
