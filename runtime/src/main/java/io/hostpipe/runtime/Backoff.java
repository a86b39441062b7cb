package io.hostpipe.runtime;

import io.hostpipe.spi.RetryPolicy;
import java.util.random.RandomGenerator;

/**
 * Exponential backoff with full jitter: each delay is drawn evenly between nothing and a bound that
 * doubles, so that many peers that lost the same host do not come back together.
 *
 * <p>Thread rule: one thread.
 */
final class Backoff {
  private final RetryPolicy policy;
  private final RandomGenerator random;
  private long boundNanos;
  private int triesInARow;

  Backoff(RetryPolicy policy, RandomGenerator random) {
    this.policy = policy;
    this.random = random;
    this.boundNanos = policy.firstDelay().toNanos();
  }

  /** A link stood: the next trouble begins anew. */
  void onSuccess() {
    boundNanos = policy.firstDelay().toNanos();
    triesInARow = 0;
  }

  /** How many tries have failed since the last success. */
  int triesInARow() {
    return triesInARow;
  }

  /** Whether no further try is allowed. */
  boolean isExhausted() {
    return triesInARow > policy.retryMax();
  }

  /** Counts a failed try and draws how long to wait before the next. */
  long nextDelayNanos() {
    triesInARow++;
    long delayNanos = random.nextLong(boundNanos + 1);
    boundNanos = Math.min(boundNanos * 2, policy.longestDelay().toNanos());
    return delayNanos;
  }
}
