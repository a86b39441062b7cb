package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Messages as they arrive: no end, and no way back. What comes between two looks is one batch.
 *
 * <p>Thread rule: as {@link Source}.
 *
 * @param <M> a message of the library
 * @param <R> what is read from, over one connection
 */
public abstract class ArrivingSource<M, R extends AutoCloseable> implements Source {
  private static final int BLOCK_BYTES = 256 << 10;
  private static final long FOREVER_NANOS = TimeUnit.DAYS.toNanos(365);

  /** Where the messages come from. */
  protected final Address address;

  /** What the pipe gave. */
  protected final PipeContext context;

  private final StreamId stream;
  private final Standing<R> standing;
  private long position;

  /** What a batch had no room for. */
  private @Nullable M unread;

  /**
   * Nothing is connected yet.
   *
   * @param stream what the messages make, unless the pipe has a name
   */
  protected ArrivingSource(Address address, PipeContext context, StreamId stream) {
    this.address = address;
    this.context = context;
    StreamId asked = context.stream();
    this.stream = asked == null ? stream : asked;
    this.standing = new Standing<>(address, context);
  }

  /** Begins to read over a new connection. On a thread of its own; blocks. */
  protected abstract R begin() throws PipeException, InterruptedException;

  /** Where what it brings is. */
  protected abstract Inbox<M> inbox(R reader);

  /** Why a reader ended; null where it does not tell. */
  protected @Nullable PipeException failure(R reader) {
    return null;
  }

  /** Looks at a reader behind each wait. */
  protected void look(R reader) {}

  /** Whether a message was not read before. */
  protected boolean isNew(M message) {
    return true;
  }

  /** Its bytes, which nobody changes. */
  protected abstract byte[] payload(M message);

  /** Its headers in a record. */
  protected abstract Headers headers(M message);

  /** A message was handed over, and ends at this position. */
  protected void taken(M message, long endPosition) throws PipeException {}

  /** Why it cannot go to a position, and what can. */
  protected abstract String noWayTo(long wanted);

  /** What a break means for those who read. */
  protected abstract String missed();

  /** Where the next message begins. */
  protected final long position() {
    return position;
  }

  /** What is read from, begun when there is none. Blocks. */
  protected final R reader() throws PipeException, InterruptedException {
    return standing.get(this::begin);
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
    return false;
  }

  @Override
  public final boolean seek(Resume from) throws PipeException {
    if (from.position() > 0) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION, address + noWayTo(from.position()));
    }
    return true;
  }

  @Override
  public final @Nullable Batch read() throws PipeException, InterruptedException {
    Batch batch = null;
    while (batch == null) {
      batch = read(FOREVER_NANOS);
    }
    return batch;
  }

  @Override
  public final @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read(timeout.compareTo(Duration.ofDays(365)) > 0 ? FOREVER_NANOS : timeout.toNanos());
  }

  /** Never: others may write at any time. */
  @Override
  public final boolean finished() {
    return false;
  }

  @Override
  public void close() {
    standing.close();
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before reading " + address);
    }
    long deadline = System.nanoTime() + timeoutNanos;
    while (true) {
      long restNanos = Math.max(0, deadline - System.nanoTime());
      R open = reader();
      M message = unread != null ? unread : inbox(open).poll(restNanos);
      unread = null;
      look(open);
      if (message != null) {
        standing.works(position);
        Batch batch = collect(inbox(open), message);
        if (batch != null) {
          return batch;
        }
      } else if (inbox(open).ended()) {
        PipeException why = failure(open);
        standing.drop(
            open,
            why != null
                ? why
                : new PipeException.Unreachable(
                    address + ": the connection broke behind position " + position + missed(),
                    null));
      } else if (restNanos == 0) {
        return null;
      }
    }
  }

  /** A batch of this message and those that are here already. */
  private @Nullable Batch collect(Inbox<M> inbox, M first) throws PipeException {
    try (BatchWriter batch =
        new BatchWriter(context.pool(), encoding(), Math.max(BLOCK_BYTES, payload(first).length))) {
      M message = first;
      while (message != null) {
        if (isNew(message)) {
          if (!add(batch, message)) {
            unread = message;
            break;
          }
          taken(message, position + batch.lengthBytes());
        }
        message = batch.lengthBytes() < BLOCK_BYTES ? inbox.poll() : null;
      }
      if (batch.lengthBytes() == 0) {
        return null;
      }
      Batch full = batch.toBatch(stream, position);
      position = full.endPosition();
      return full;
    }
  }

  private boolean add(BatchWriter batch, M message) throws PipeException {
    byte[] payload = payload(message);
    if (encoding() == Encoding.RECORDS) {
      return batch.add(payload, 0, payload.length, headers(message));
    }
    return payload.length == 0 || batch.add(payload, 0, payload.length, Headers.EMPTY);
  }
}
