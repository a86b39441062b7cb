package io.hostpipe.spi;

import java.time.Duration;

/**
 * How long and how often a broken link is tried again, with exponential backoff and full jitter.
 *
 * @param giveUp how long without a link until the pipe fails
 * @param retryMax how many tries in a row until the pipe fails
 * @param firstDelay the upper bound of the first delay; it doubles with each try
 * @param longestDelay where the doubling ends
 */
public record RetryPolicy(
    Duration giveUp, int retryMax, Duration firstDelay, Duration longestDelay) {
  /** Long enough that nobody sees its end. */
  public static final Duration NEVER = Duration.ofDays(36_500);

  /** Five minutes, any number of tries, 50 ms doubling to 5 s. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(
          Duration.ofMinutes(5), Integer.MAX_VALUE, Duration.ofMillis(50), Duration.ofSeconds(5));
}
