package io.hostpipe.cli;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.CommittingSink;

/**
 * The destinations of a stream that all of them have to its end already, as a spool knows: they are
 * not asked again, and may have gone. Thread rule: as {@link Sink}.
 */
final class DeliveredSink extends CommittingSink {
  private final Resume end;

  DeliveredSink(Resume end) {
    super(new Commits(end.position()));
    this.end = end;
  }

  @Override
  public Resume resume() {
    return end;
  }

  @Override
  public BatchWriter newBatch(int leastBytes) {
    throw over();
  }

  @Override
  public long write(BatchWriter batch) {
    throw over();
  }

  @Override
  public long write(Batch batch) {
    throw over();
  }

  @Override
  public void finish() {}

  @Override
  public void close() {}

  private IllegalStateException over() {
    return new IllegalStateException("something comes behind the end, " + end.position());
  }
}
