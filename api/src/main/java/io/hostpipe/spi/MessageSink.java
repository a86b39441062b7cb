package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A sink that puts one message after another into a broker: a message for each record, or for each
 * run of raw bytes. It knows how far it has got; what a message needs, and when it is committed,
 * its connector knows.
 *
 * <p>Thread rule: as {@link io.hostpipe.Sink}.
 */
public abstract class MessageSink extends CommittingSink implements RefusesFirst {
  private static final int BLOCK_BYTES = 256 << 10;

  /** Where the messages go. */
  protected final Address address;

  /** What the pipe gave. */
  protected final PipeContext context;

  private final StreamId stream;
  private final Encoding encoding;
  private final Digester digester;
  private long position;
  private @Nullable Cursor cursor;
  private long cursorPosition;
  private long epoch;

  /** What is being put; null between two batches. */
  private @Nullable ByteBuffer putting;

  /** Where that begins in the stream. */
  private long puttingFrom;

  /** How far the digest is; a digest of much at once costs less than of each message. */
  private long digestedPosition;

  /** Where the message that is being put begins, and what came before it. */
  private long beforePosition;

  private @Nullable Cursor beforeCursor;
  private long beforeCursorPosition;

  private boolean finished;

  /** The message that was put last is refused and in nobody's hands: nothing goes on behind it. */
  private PipeException.@Nullable Rejected stopped;

  private volatile @Nullable Refusal refusal;

  /** A sink that goes on from a place, whose commits are told by {@code commits}. */
  protected MessageSink(
      Address address,
      PipeContext context,
      StreamId stream,
      Encoding encoding,
      Resume from,
      Commits commits) {
    super(commits);
    this.address = address;
    this.context = context;
    this.stream = stream;
    this.encoding = encoding;
    this.digester = new Digester(Objects.requireNonNullElse(from.digest(), Digest.EMPTY));
    this.position = from.position();
    this.digestedPosition = from.position();
    this.cursor = from.cursor();
    this.cursorPosition = from.cursorPosition();
    this.epoch = from.epoch();
  }

  /**
   * Puts one message, or lets it be refused by {@link Commits#reject}; what is known to be refused
   * before anything behind it is put is told to {@link #refusing} first. {@link #resume} tells the
   * place behind it already. Blocks while too much is unconfirmed.
   *
   * @param endPosition where it ends in the stream
   * @param payload valid during the call
   */
  protected abstract void put(long endPosition, ByteBuffer payload, Headers headers)
      throws PipeException, InterruptedException;

  /**
   * Behind each batch, all of whose messages were put.
   *
   * @param fromPosition where the first of them begins; {@link #position} is where the last ends
   */
  protected void putAll(long fromPosition) throws PipeException, InterruptedException {}

  /** The most raw bytes of one message: they have no borders of their own. */
  protected abstract long rawBytesMax();

  /** Waits until everything is committed, and marks the end where that was asked for. */
  protected abstract void complete() throws PipeException, InterruptedException;

  /** Another writer than before goes on from here. */
  protected void fenced(long newEpoch) throws PipeException {}

  /** Whether it was closed on this side. Any thread. */
  protected abstract boolean closed();

  /** Which stream it writes. */
  public final StreamId stream() {
    return stream;
  }

  /** Whether its batches hold records or raw bytes. */
  public final Encoding encoding() {
    return encoding;
  }

  @Override
  public final void onRefusal(Refusal told) {
    refusal = told;
  }

  /**
   * Has a message put aside that is refused, before anything behind it is put. Blocks. The writer's
   * thread, or the one that sends for it. Where nobody keeps it, {@link PipeException.Rejected} is
   * thrown, and the stream ends before the message, with all before that committed.
   */
  protected final void refusing(long endPosition, Rejection why)
      throws PipeException, InterruptedException {
    Refusal told = refusal;
    if (told != null) {
      told.refused(endPosition, why);
    }
  }

  /** Refuses a message that is not put: it is put aside first, and then said to be refused. */
  protected final void refuse(long endPosition, Rejection why)
      throws PipeException, InterruptedException {
    refusing(endPosition, why);
    commits.reject(endPosition, why);
  }

  /** Whether it was not closed. Any thread. */
  public final boolean isOpen() {
    return !closed();
  }

  /** Where what was put ends. */
  protected final long position() {
    return position;
  }

  @Override
  public final Resume resume() {
    digestUpTo(position);
    return new Resume(position, cursor, digester.digest(), cursorPosition, epoch);
  }

  @Override
  public final void fence(long newEpoch) throws PipeException {
    if (newEpoch < epoch) {
      throw new PipeException.Refused(
          Status.ABORTED,
          address
              + ": a later writer of the stream "
              + stream
              + " has written already (epoch "
              + epoch
              + ", this one is "
              + newEpoch
              + ")");
    }
    epoch = newEpoch;
    fenced(newEpoch);
  }

  @Override
  public final BatchWriter newBatch(int leastBytes) throws PipeException {
    checkOpen();
    return new BatchWriter(context.pool(), encoding, leastBytes == 0 ? BLOCK_BYTES : leastBytes);
  }

  @Override
  public final long write(BatchWriter batch) throws PipeException, InterruptedException {
    return write(batch.toBatch(stream, position));
  }

  @Override
  public final long write(Batch batch) throws PipeException, InterruptedException {
    Batch owned = batch;
    try {
      checkOpen();
      checkNotStopped();
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted before writing to " + address);
      }
      if (finished) {
        throw new IllegalStateException("the stream " + stream + " was finished");
      }
      if (batch.encoding() != encoding || batch.position() > position) {
        throw new IllegalArgumentException(
            batch + " does not follow on position " + position + " of " + encoding);
      }
      if (batch.endPosition() > position) {
        owned = batch.from(position);
        putBatch(owned);
      }
      return position;
    } finally {
      owned.close();
    }
  }

  @Override
  public final void finish() throws PipeException, InterruptedException {
    if (!finished) {
      checkOpen();
      checkNotStopped();
      complete();
      finished = true;
    }
  }

  /** Refuses what comes after a close. */
  protected final void checkOpen() throws PipeException {
    if (closed()) {
      throw closedHere();
    }
  }

  /** What those who wait are told after a close. */
  protected final PipeException closedHere() {
    return new PipeException.Closed(Status.CANCELLED, address + " was closed on this side");
  }

  private void checkNotStopped() throws PipeException {
    if (stopped != null) {
      throw stopped;
    }
  }

  private void putBatch(Batch batch) throws PipeException, InterruptedException {
    long from = position;
    putting = batch.bytes();
    puttingFrom = from;
    try {
      if (encoding == Encoding.RAW) {
        putBytes(batch);
      } else {
        putRecords(batch);
      }
    } catch (PipeException.Rejected e) {
      stopped = e;
      position = beforePosition;
      cursor = beforeCursor;
      cursorPosition = beforeCursorPosition;
    } finally {
      digestUpTo(position);
      putting = null;
    }
    if (position > from) {
      putAll(from);
    }
    if (stopped != null) {
      // So it is known how far the stream got: up to the message, and no further.
      commits.awaitPosition(position);
      throw stopped;
    }
  }

  private void putRecords(Batch batch) throws PipeException, InterruptedException {
    try {
      batch.forEach((end, payload, headers) -> {
        arrive(end, end == batch.endPosition() ? batch.cursor() : null);
        try {
          put(end, payload, headers);
        } catch (InterruptedException e) {
          throw new Interrupted(e);
        }
      });
    } catch (Interrupted e) {
      throw e.cause;
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new IllegalStateException("a batch in memory cannot fail to be read", e);
    }
  }

  /** One message where the server takes so much, else several. */
  private void putBytes(Batch batch) throws PipeException, InterruptedException {
    ByteBuffer rest = batch.bytes();
    int mostBytes = Math.clamp(rawBytesMax(), 1, BLOCK_BYTES);
    while (rest.hasRemaining()) {
      ByteBuffer part = rest.slice(rest.position(), Math.min(mostBytes, rest.remaining()));
      rest.position(rest.position() + part.remaining());
      arrive(position + part.remaining(), rest.hasRemaining() ? null : batch.cursor());
      put(position, part, Headers.EMPTY);
    }
  }

  private void digestUpTo(long end) {
    ByteBuffer arriving = putting;
    if (arriving != null && end > digestedPosition) {
      int index = arriving.position() + (int) (digestedPosition - puttingFrom);
      digester.update(arriving.slice(index, (int) (end - digestedPosition)));
      digestedPosition = end;
    }
  }

  private void arrive(long end, @Nullable Cursor behind) {
    beforePosition = position;
    beforeCursor = cursor;
    beforeCursorPosition = cursorPosition;
    position = end;
    if (behind != null) {
      cursor = behind;
      cursorPosition = end;
    }
  }

  /** Carries an interrupt out of a visitor. */
  private static final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient InterruptedException cause;

    Interrupted(InterruptedException cause) {
      super(cause);
      this.cause = cause;
    }
  }
}
