package io.hostpipe.runtime.flow;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A token bucket without a clock of its own: tokens drop in at a steady rate; who takes more than
 * there are owes them, and waits until the debt is paid.
 *
 * <p>What drops in while there is nothing to hand over counts up to a burst. What drops in while
 * there is, since the taker woke late or was kept, is made up for, up to a quarter of a second:
 * else a busy machine would never reach the rate.
 *
 * <p>Kept as one number, the time at which the bucket was or will be empty, so that nothing is lost
 * by rounding. Thread rule: any thread; who shares one shares the rate.
 */
public final class TokenBucket {
  private static final long LATE_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(250);

  private final Rate rate;
  private final long burstNanos;
  private final ReentrantLock lock = new ReentrantLock();

  /** Under the lock. */
  private long emptyAtNanos;

  /** A full bucket. */
  public TokenBucket(Rate rate, long nowNanos) {
    this.rate = rate;
    this.burstNanos = rate.nanosFor(rate.burst());
    this.emptyAtNanos = nowNanos - burstNanos;
  }

  /** Nanoseconds until there are tokens again; 0 when there are. */
  long waitNanos(long nowNanos) {
    lock.lock();
    try {
      return Math.max(0, emptyAtNanos - nowNanos);
    } finally {
      lock.unlock();
    }
  }

  /** There was nothing to hand over in this time; when it was long, it filled a burst at most. */
  void onIdle(long begunNanos, long nowNanos) {
    if (nowNanos - begunNanos <= burstNanos) {
      return;
    }
    lock.lock();
    try {
      long mostNanos = Math.max(burstNanos, begunNanos - emptyAtNanos);
      emptyAtNanos += Math.max(0, nowNanos - emptyAtNanos - mostNanos);
    } finally {
      lock.unlock();
    }
  }

  /** Takes tokens, also those that are not there yet. */
  void take(long amount, long nowNanos) {
    // Times may wrap around: only their differences count.
    long mostNanos = Math.max(burstNanos, LATE_NANOS_MAX);
    lock.lock();
    try {
      if (nowNanos - emptyAtNanos > mostNanos) {
        emptyAtNanos = nowNanos - mostNanos;
      }
      emptyAtNanos += rate.nanosFor(amount);
    } finally {
      lock.unlock();
    }
  }
}
