package io.hostpipe.runtime.flow;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.spi.ForwardingSink;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A sink that takes no faster than a rate of bytes: what is written beyond it is owed, and the next
 * write waits until the debt is paid. Thread rule: as {@link Sink}. It owns the inner sink.
 */
public final class PacedSink extends ForwardingSink {
  private final TokenBucket bucket;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition woken = lock.newCondition();
  private boolean closed;

  /** Draws on this bucket, which others may draw on, too. */
  public PacedSink(Sink inner, TokenBucket bucket) {
    super(inner);
    this.bucket = bucket;
  }

  @Override
  public BatchWriter newBatch(int leastBytes) throws PipeException, InterruptedException {
    awaitTurn();
    return inner.newBatch(leastBytes);
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    try (batch) {
      awaitTurn();
      bucket.take(batch.lengthBytes(), Waiting.SYSTEM.nowNanos());
      return inner.write(batch);
    }
  }

  @Override
  public long write(Batch batch) throws PipeException, InterruptedException {
    boolean passed = false;
    try {
      awaitTurn();
      bucket.take(batch.lengthBytes(), Waiting.SYSTEM.nowNanos());
      passed = true;
    } finally {
      if (!passed) {
        batch.close();
      }
    }
    return inner.write(batch);
  }

  @Override
  public void abort(String reason) {
    wake();
    inner.abort(reason);
  }

  @Override
  public void close() {
    wake();
    inner.close();
  }

  private void wake() {
    lock.lock();
    try {
      closed = true;
      woken.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void awaitTurn() throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      for (long owed = bucket.waitNanos(Waiting.SYSTEM.nowNanos());
          owed > 0 && !closed;
          owed = bucket.waitNanos(Waiting.SYSTEM.nowNanos())) {
        Waiting.SYSTEM.await(woken, owed);
      }
      if (closed) {
        throw new PipeException.Closed(Status.CANCELLED, "this sink was closed on this side");
      }
    } finally {
      lock.unlock();
    }
  }
}
