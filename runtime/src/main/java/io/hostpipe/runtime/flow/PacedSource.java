package io.hostpipe.runtime.flow;

import io.hostpipe.Batch;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.ForwardingSource;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A source that hands over no faster than a rate, by a token bucket.
 *
 * <p>Batches are cut into parts of at most a burst, so that a slow rate is even and not a large
 * batch now and then. Thread rule: as {@link Source}. It owns the inner source.
 */
public final class PacedSource extends ForwardingSource {
  private final Rate rate;
  private final Waiting waiting;
  private final TokenBucket bucket;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition woken = lock.newCondition();

  // Under the lock.
  private @Nullable Batch rest;
  private boolean closed;

  /** As fast as the rate allows from now on. */
  public PacedSource(Source inner, Rate rate) throws PipeException {
    this(inner, rate, Waiting.SYSTEM);
  }

  /** The same in another time. */
  public PacedSource(Source inner, Rate rate, Waiting waiting) throws PipeException {
    this(inner, rate, waiting, new TokenBucket(rate, waiting.nowNanos()));
  }

  /** Draws on this bucket of this rate, which others may draw on, too. */
  public PacedSource(Source inner, Rate rate, TokenBucket bucket) throws PipeException {
    this(inner, rate, Waiting.SYSTEM, bucket);
  }

  private PacedSource(Source inner, Rate rate, Waiting waiting, TokenBucket bucket)
      throws PipeException {
    super(inner);
    rate.checkFits(inner.encoding() == Encoding.RECORDS);
    this.rate = rate;
    this.waiting = waiting;
    this.bucket = bucket;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    if (!isOpenWithRest()) {
      long begun = waiting.nowNanos();
      if (!keep(inner.read(), begun)) {
        return null;
      }
    }
    return next(Long.MAX_VALUE);
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    long begun = waiting.nowNanos();
    if (!isOpenWithRest() && !keep(inner.read(timeout), begun)) {
      return null;
    }
    return next(timeout.toNanos() - (waiting.nowNanos() - begun));
  }

  @Override
  public boolean finished() {
    lock.lock();
    try {
      return rest == null && inner.finished();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void abort(String reason) {
    inner.abort(reason);
    close();
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      if (rest != null) {
        rest.close();
        rest = null;
      }
      woken.signalAll();
    } finally {
      lock.unlock();
    }
    inner.close();
  }

  private boolean isOpenWithRest() throws PipeException {
    lock.lock();
    try {
      checkOpen();
      return rest != null;
    } finally {
      lock.unlock();
    }
  }

  private boolean keep(@Nullable Batch batch, long begunNanos) {
    lock.lock();
    try {
      bucket.onIdle(begunNanos, waiting.nowNanos());
      if (closed && batch != null) {
        batch.close();
        return true; // next() says what is the matter
      }
      rest = batch;
      return batch != null;
    } finally {
      lock.unlock();
    }
  }

  /** The next part, once there are tokens; null when there are none in time. */
  private @Nullable Batch next(long timeoutNanos) throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      long begun = waiting.nowNanos();
      for (long owed = bucket.waitNanos(begun);
          owed > 0;
          owed = bucket.waitNanos(waiting.nowNanos())) {
        long left = timeoutNanos - (waiting.nowNanos() - begun);
        if (left <= 0) {
          return null;
        }
        waiting.await(woken, Math.min(owed, left));
        checkOpen();
      }
      checkOpen();
      return take();
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Batch take() {
    Batch whole = rest;
    if (whole == null) {
      return null;
    }
    int burst = (int) Math.min(rate.burst(), Integer.MAX_VALUE);
    long border =
        rate.messages()
            ? whole.border(whole.position(), Integer.MAX_VALUE, burst)
            : whole.border(whole.position(), burst, Integer.MAX_VALUE);
    Batch part = whole;
    if (border < whole.endPosition()) {
      part = whole.part(whole.position(), border);
      rest = whole.from(border);
    } else {
      rest = null;
    }
    bucket.take(rate.messages() ? part.count() : part.lengthBytes(), waiting.nowNanos());
    return part;
  }

  private void checkOpen() throws PipeException {
    if (closed) {
      throw new PipeException.Closed(Status.CANCELLED, stream() + " was closed on this side");
    }
  }
}
