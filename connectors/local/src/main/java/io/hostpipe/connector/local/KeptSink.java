package io.hostpipe.connector.local;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.CommittingSink;
import io.hostpipe.spi.Settling;
import java.util.concurrent.atomic.AtomicBoolean;

/** One of the streams of a {@link KeptTarget}: commits are what is lasting, data and slot. */
final class KeptSink extends CommittingSink implements Settling {
  private final KeptTarget target;
  private final StreamId stream;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean finished;

  /** A sink of a stream of which everything before the position is lasting. */
  KeptSink(KeptTarget target, StreamId stream, long lastingPosition) {
    super(new Commits(lastingPosition));
    this.target = target;
    this.stream = stream;
  }

  StreamId stream() {
    return stream;
  }

  @Override
  public Resume resume() throws PipeException {
    return target.resume(this);
  }

  @Override
  public void fence(long epoch) throws PipeException {
    target.fence(this, epoch);
  }

  @Override
  public BatchWriter newBatch(int leastBytes) throws PipeException {
    checkOpen();
    return new BatchWriter(
        target.pool(), Encoding.RAW, leastBytes == 0 ? SynchronousSink.BLOCK_BYTES : leastBytes);
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    return write(batch.toBatch(stream, resume().position()));
  }

  @Override
  public long write(Batch batch) throws PipeException, InterruptedException {
    try (batch) {
      LocalConnector.checkRaw(batch.encoding(), target.where());
      if (finished) {
        throw new IllegalStateException("the stream into " + target.where() + " was finished");
      }
      return target.write(this, batch);
    }
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    if (!finished) {
      target.finish(this);
      finished = true;
    }
  }

  @Override
  public void settle() throws PipeException, InterruptedException {
    target.settle(this);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      commits.fail(closedHere());
      target.released(this);
    }
  }

  void checkOpen() throws PipeException {
    if (closed.get()) {
      throw closedHere();
    }
  }

  /** Everything before the position is lasting. */
  void advance(long lastingPosition) {
    commits.advance(lastingPosition);
  }

  void fail(PipeException why) {
    commits.fail(why);
  }

  private PipeException closedHere() {
    return IoErrors.closed(target.where(), commits.position());
  }
}
