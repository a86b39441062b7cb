package io.hostpipe.cli;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.spi.Commits;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * The destinations of a stream that all of them have to its end already, as a spool knows: they are
 * not asked again, and may have gone. Thread rule: as {@link Sink}.
 */
final class DeliveredSink implements Sink {
  private final Resume end;
  private final Commits commits;

  DeliveredSink(Resume end) {
    this.end = end;
    this.commits = new Commits(end.position());
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
  public Committed committed() throws PipeException {
    return commits.committed();
  }

  @Override
  public Committed awaitCommitted(long position) throws PipeException, InterruptedException {
    return commits.await(position);
  }

  @Override
  public Committed awaitCommitted(long position, Duration timeout)
      throws PipeException, InterruptedException {
    return commits.await(position, timeout);
  }

  @Override
  public CompletionStage<Committed> whenCommitted(long position) {
    return commits.when(position);
  }

  @Override
  public void finish() {}

  @Override
  public void close() {}

  private IllegalStateException over() {
    return new IllegalStateException("something comes behind the end, " + end.position());
  }
}
