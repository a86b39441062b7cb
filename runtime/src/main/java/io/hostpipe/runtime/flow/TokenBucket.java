package io.hostpipe.runtime.flow;

/**
 * A token bucket without a clock of its own: tokens drop in at a steady rate, up to a burst; who
 * takes more than there are owes them, and waits until the debt is paid.
 *
 * <p>Kept as one number, the time at which the bucket was or will be empty, so that nothing is lost
 * by rounding. Thread rule: one thread.
 */
final class TokenBucket {
  private final Rate rate;
  private final long burstNanos;
  private long emptyAtNanos;

  /** A full bucket. */
  TokenBucket(Rate rate, long nowNanos) {
    this.rate = rate;
    this.burstNanos = rate.nanosFor(rate.burst());
    this.emptyAtNanos = nowNanos - burstNanos;
  }

  /** Nanoseconds until there are tokens again; 0 when there are. */
  long waitNanos(long nowNanos) {
    return Math.max(0, emptyAtNanos - nowNanos);
  }

  /** Takes tokens, also those that are not there yet. */
  void take(long amount, long nowNanos) {
    // Times may wrap around: only their differences count.
    if (nowNanos - emptyAtNanos > burstNanos) {
      emptyAtNanos = nowNanos - burstNanos;
    }
    emptyAtNanos += rate.nanosFor(amount);
  }
}
