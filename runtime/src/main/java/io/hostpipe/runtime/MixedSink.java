package io.hostpipe.runtime;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.CommittingSink;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One of the streams of a {@link MixedTarget}. The position, the cursor and the digest are the
 * writer's; the volatile flag of the end hands them on.
 */
final class MixedSink extends CommittingSink {
  private static final int BATCH_BYTES = 64 << 10;

  private final MixedTarget target;
  private final StreamId stream;
  private final Encoding encoding;
  private final BlockPool pool;
  private final Digester digester;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile long position;
  private @Nullable Cursor cursor;
  private boolean finished;

  MixedSink(MixedTarget target, StreamId stream, Encoding encoding, BlockPool pool, Resume from) {
    super(new Commits(from.position()));
    this.target = target;
    this.stream = stream;
    this.encoding = encoding;
    this.pool = pool;
    this.position = from.position();
    this.cursor = from.cursor();
    this.digester = new Digester(Objects.requireNonNull(from.digest(), "digest"));
  }

  @Override
  public Resume resume() {
    return new Resume(position, cursor, digester.digest());
  }

  @Override
  public BatchWriter newBatch(int leastBytes) throws PipeException {
    checkOpen();
    return new BatchWriter(pool, encoding, leastBytes == 0 ? BATCH_BYTES : leastBytes);
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    return write(batch.toBatch(stream, position));
  }

  @Override
  public long write(Batch given) throws PipeException, InterruptedException {
    Batch batch = given;
    try {
      check(batch);
      if (batch.endPosition() > position) {
        if (batch.position() < position) {
          batch = batch.from(position);
        }
        target.write(this, batch);
      }
      return position;
    } finally {
      batch.close();
    }
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    if (!finished) {
      target.settle(this);
      commits.awaitPosition(position);
      finished = true;
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      commits.fail(closedHere());
      target.released(this, stream, resume());
    }
  }

  /** So many bytes of this batch are in the place. With the turn, on the writer's thread. */
  void onWritten(Batch batch, int writtenBytes) {
    ByteBuffer bytes = batch.bytes();
    digester.update(bytes.limit(bytes.position() + writtenBytes));
    position = batch.position() + writtenBytes;
    Cursor behind = batch.cursor();
    if (behind != null && writtenBytes == batch.lengthBytes()) {
      cursor = behind;
    }
  }

  void reject(long endPosition, Rejection why) {
    commits.reject(endPosition, why);
  }

  void advance(long committedPosition) {
    commits.advance(committedPosition);
  }

  void fail(PipeException why) {
    commits.fail(why);
  }

  void checkOpen() throws PipeException {
    if (closed.get()) {
      throw closedHere();
    }
  }

  private PipeException closedHere() {
    return new PipeException.Closed(
        Status.CANCELLED, stream + " was closed on this side at position " + position);
  }

  private void check(Batch batch) throws PipeException {
    if (finished) {
      throw new IllegalStateException("the stream " + stream + " was finished");
    }
    if (batch.encoding() != encoding) {
      throw new PipeException.Config(
          Status.FAILED_PRECONDITION,
          stream + " carries " + encoding + ", and this batch " + batch.encoding());
    }
    if (batch.position() > position) {
      throw new IllegalArgumentException(
          "a batch at position "
              + batch.position()
              + " leaves a gap: "
              + stream
              + " is at "
              + position);
    }
  }
}
