package io.hostpipe.connector.memory;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.spi.CommittingSink;

/** The writing end of a {@link MemoryWay}. */
final class MemorySink extends CommittingSink {
  private final MemoryWay way;

  MemorySink(MemoryWay way) {
    super(way.commits());
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
  public void finish() throws PipeException, InterruptedException {
    way.finish();
  }

  @Override
  public void close() {
    way.closeWriter();
  }
}
