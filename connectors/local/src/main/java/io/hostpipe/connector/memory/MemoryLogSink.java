package io.hostpipe.connector.memory;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.CommittingSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Writes one stream of a {@link MemoryLog}; committed when the write returns. */
final class MemoryLogSink extends CommittingSink {
  private final MemoryLog.Kept kept;
  private final BlockPool pool;
  private final int messageBytesMax;
  private final Digester digester;
  private final AtomicBoolean closed = new AtomicBoolean();
  private long position;
  private @Nullable Cursor cursor;
  private boolean finished;

  private MemoryLogSink(MemoryLog.Kept kept, BlockPool pool, int messageBytesMax, Resume from) {
    super(new Commits(from.position()));
    this.kept = kept;
    this.pool = pool;
    this.messageBytesMax = messageBytesMax;
    this.position = from.position();
    this.cursor = from.cursor();
    this.digester = new Digester(Objects.requireNonNullElse(from.digest(), Digest.EMPTY));
  }

  /**
   * A sink that goes on where the stream stands.
   *
   * @param messageBytesMax longer messages are refused one by one
   */
  static MemoryLogSink open(MemoryLog.Kept kept, BlockPool pool, int messageBytesMax)
      throws PipeException {
    return new MemoryLogSink(kept, pool, messageBytesMax, kept.beginWriting());
  }

  @Override
  public Resume resume() {
    return new Resume(position, cursor, digester.digest());
  }

  @Override
  public BatchWriter newBatch(int leastBytes) throws PipeException {
    checkOpen();
    return new BatchWriter(
        pool, kept.encoding(), leastBytes == 0 ? MemoryWay.BLOCK_BYTES : leastBytes);
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    return write(batch.toBatch(kept.stream(), position));
  }

  @Override
  public long write(Batch batch) throws PipeException, InterruptedException {
    Batch owned = batch;
    try {
      checkOpen();
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted before writing to a log");
      }
      if (batch.encoding() != kept.encoding() || batch.position() > position) {
        throw new IllegalArgumentException(
            batch + " does not follow on position " + position + " of " + kept.encoding());
      }
      if (batch.endPosition() > position) {
        owned = batch.from(position);
        keep(owned);
      }
      return position;
    } finally {
      owned.close();
    }
  }

  @Override
  public void finish() throws PipeException {
    if (!finished) {
      checkOpen();
      finished = true;
      kept.finish();
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      commits.fail(closedHere());
      kept.endWriting();
    }
  }

  /** Keeps what is not refused, then tells of both at once. */
  private void keep(Batch batch) throws PipeException {
    ByteBuffer wire = batch.bytes();
    ByteBuffer accepted = ByteBuffer.allocate(wire.remaining());
    long begin = batch.position();
    if (batch.encoding() == Encoding.RAW) {
      accepted.put(wire);
    } else {
      long[] recordBegin = {begin};
      visit(
          batch,
          (end, payload, headers) -> {
            int index = (int) (recordBegin[0] - begin);
            int lengthBytes = (int) (end - recordBegin[0]);
            recordBegin[0] = end;
            if (payload.remaining() > messageBytesMax) {
              commits.reject(end, tooLong(payload.remaining()));
            } else {
              accepted.put(wire.slice(wire.position() + index, lengthBytes));
            }
          });
    }
    digester.update(batch.bytes());
    position = batch.endPosition();
    cursor = batch.cursor();
    kept.append(accepted.flip(), cursor, resume());
    commits.advance(position);
  }

  private static void visit(Batch batch, Batch.Visitor visitor) throws PipeException {
    try {
      batch.forEach(visitor);
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new IllegalStateException("nothing here does I/O", e);
    }
  }

  private Rejection tooLong(int lengthBytes) {
    return new Rejection(
        Status.OUT_OF_RANGE,
        "a message of " + lengthBytes + " bytes; this log takes at most " + messageBytesMax);
  }

  private void checkOpen() throws PipeException {
    if (closed.get()) {
      throw closedHere();
    }
    if (finished) {
      throw new IllegalStateException("the stream " + kept.stream() + " was finished");
    }
  }

  private PipeException closedHere() {
    return new PipeException.Closed(
        Status.CANCELLED, "the stream " + kept.stream() + " was closed on this side");
  }
}
