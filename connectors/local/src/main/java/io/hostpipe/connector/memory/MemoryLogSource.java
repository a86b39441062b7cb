package io.hostpipe.connector.memory;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Reads one stream of a {@link MemoryLog}, from anywhere, and waits for what is still written. */
final class MemoryLogSource implements Source {
  private final MemoryLog.Kept kept;
  private final BlockPool pool;
  private volatile boolean closed;
  private long position;
  private boolean finished;

  MemoryLogSource(MemoryLog.Kept kept, BlockPool pool) {
    this.kept = kept;
    this.pool = pool;
  }

  @Override
  public StreamId stream() {
    return kept.stream();
  }

  @Override
  public Encoding encoding() {
    return kept.encoding();
  }

  @Override
  public boolean replayable() {
    return true;
  }

  @Override
  public boolean seek(Resume from) throws PipeException {
    long endPosition = kept.endPosition();
    if (from.position() > endPosition) {
      throw new PipeException.DataLoss(
          "the stream "
              + kept.stream()
              + " ends at position "
              + endPosition
              + ", and the sink holds it up to "
              + from.position());
    }
    Digest wanted = from.digest();
    Digest found = kept.digestAt(from.position());
    if (wanted != null && !wanted.equals(found)) {
      throw new PipeException.DataLoss(
          "the stream "
              + kept.stream()
              + " has other bytes before position "
              + from.position()
              + " than the sink holds: here "
              + found
              + ", there "
              + wanted);
    }
    position = from.position();
    finished = false;
    return wanted != null;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    return read(Long.MAX_VALUE);
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read(timeout.toNanos());
  }

  @Override
  public boolean finished() {
    return finished;
  }

  @Override
  public boolean wantsCommits() {
    return false;
  }

  /** Nothing: a log keeps what it has. */
  @Override
  public void commit(long committedPosition) {}

  /** Nothing: a log keeps what it has. */
  @Override
  public void reject(long endPosition, Rejection why) {}

  @Override
  public void close() {
    closed = true;
    kept.wakeReaders();
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    MemoryLog.Piece piece = kept.await(position, timeoutNanos, () -> !closed);
    if (closed) {
      throw new PipeException.Closed(
          Status.CANCELLED, "the stream " + kept.stream() + " was closed on this side");
    }
    if (piece == null) {
      finished = kept.endsAt(position);
      return null;
    }
    int skipBytes = (int) (position - piece.position());
    int lengthBytes = piece.lengthBytes() - skipBytes;
    Block block = pool.take(lengthBytes);
    ByteBuffer rest = piece.bytes().slice(piece.bytes().position() + skipBytes, lengthBytes);
    ByteBuffer bytes = block.buffer().put(rest).flip();
    Batch batch = new Batch(kept.stream(), kept.encoding(), position, bytes, block, piece.cursor());
    position += lengthBytes;
    return batch;
  }
}
