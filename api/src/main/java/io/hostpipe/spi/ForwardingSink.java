package io.hostpipe.spi;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * A sink that stands around another one and hands everything on, for those that change a little.
 *
 * <p>It hands on the methods that {@link Sink} has a default for as well: a wrapper that forgets
 * one of those loses what the inner sink promises by it. Thread rule: as {@link Sink}. It owns the
 * inner sink.
 */
public abstract class ForwardingSink implements Sink {
  /** The sink that is wrapped. */
  protected final Sink inner;

  /** A sink that owns this one. */
  protected ForwardingSink(Sink inner) {
    this.inner = inner;
  }

  @Override
  public Resume resume() throws PipeException, InterruptedException {
    return inner.resume();
  }

  @Override
  public void fence(long epoch) throws PipeException {
    inner.fence(epoch);
  }

  @Override
  public BatchWriter newBatch(int leastBytes) throws PipeException, InterruptedException {
    return inner.newBatch(leastBytes);
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    return inner.write(batch);
  }

  @Override
  public long write(Batch batch) throws PipeException, InterruptedException {
    return inner.write(batch);
  }

  @Override
  public Committed committed() throws PipeException {
    return inner.committed();
  }

  @Override
  public Committed awaitCommitted(long position) throws PipeException, InterruptedException {
    return inner.awaitCommitted(position);
  }

  @Override
  public Committed awaitCommitted(long position, Duration timeout)
      throws PipeException, InterruptedException {
    return inner.awaitCommitted(position, timeout);
  }

  @Override
  public CompletionStage<Committed> whenCommitted(long position) {
    return inner.whenCommitted(position);
  }

  @Override
  public boolean commitsAtEnd() {
    return inner.commitsAtEnd();
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    inner.finish();
  }

  @Override
  public void abort(String reason) {
    inner.abort(reason);
  }

  @Override
  public void close() {
    inner.close();
  }
}
