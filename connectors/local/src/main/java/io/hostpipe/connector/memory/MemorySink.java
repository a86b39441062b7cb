package io.hostpipe.connector.memory;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** The writing end of a {@link MemoryWay}. */
final class MemorySink implements Sink {
  private final MemoryWay way;

  MemorySink(MemoryWay way) {
    this.way = way;
  }

  @Override
  public Resume resume() {
    return way.resume();
  }

  @Override
  public BatchWriter newBatch(int leastBytes) throws PipeException, InterruptedException {
    return way.newBatch(leastBytes);
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    return way.write(batch);
  }

  @Override
  public long write(Batch batch) throws PipeException, InterruptedException {
    return way.write(batch);
  }

  @Override
  public Committed committed() throws PipeException {
    return way.commits().committed();
  }

  @Override
  public Committed awaitCommitted(long position) throws PipeException, InterruptedException {
    return way.commits().await(position);
  }

  @Override
  public Committed awaitCommitted(long position, Duration timeout)
      throws PipeException, InterruptedException {
    return way.commits().await(position, timeout);
  }

  @Override
  public CompletionStage<Committed> whenCommitted(long position) {
    return way.commits().when(position);
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    way.finish();
  }

  @Override
  public void close() {
    way.closeWriter();
  }
}
