package io.hostpipe.cli;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * The outgoing half of a pipe whose other half goes on: closing it behind its end does nothing,
 * since whoever has the pipe closes both. Closing it before its end aborts the pipe. Thread rule:
 * as {@link Sink}.
 */
final class HalfSink implements Sink {
  private final Sink sink;
  private volatile boolean finished;

  HalfSink(Sink sink) {
    this.sink = sink;
  }

  @Override
  public Resume resume() throws PipeException, InterruptedException {
    return sink.resume();
  }

  @Override
  public BatchWriter newBatch(int leastBytes) throws PipeException, InterruptedException {
    return sink.newBatch(leastBytes);
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    return sink.write(batch);
  }

  @Override
  public long write(Batch batch) throws PipeException, InterruptedException {
    return sink.write(batch);
  }

  @Override
  public boolean commitsAtEnd() {
    return sink.commitsAtEnd();
  }

  @Override
  public Committed committed() throws PipeException {
    return sink.committed();
  }

  @Override
  public Committed awaitCommitted(long position) throws PipeException, InterruptedException {
    return sink.awaitCommitted(position);
  }

  @Override
  public Committed awaitCommitted(long position, Duration timeout)
      throws PipeException, InterruptedException {
    return sink.awaitCommitted(position, timeout);
  }

  @Override
  public CompletionStage<Committed> whenCommitted(long position) {
    return sink.whenCommitted(position);
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    sink.finish();
    finished = true;
  }

  @Override
  public void abort(String reason) {
    if (!finished) {
      sink.abort(reason);
    }
  }

  @Override
  public void close() {
    if (!finished) {
      sink.close();
    }
  }
}
