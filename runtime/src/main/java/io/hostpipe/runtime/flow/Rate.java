package io.hostpipe.runtime.flow;

import io.hostpipe.PipeException;
import java.util.Locale;

/**
 * How much may pass in a second.
 *
 * @param perSecond bytes or messages, at least 1
 * @param messages whether it counts messages; else bytes as they are counted in positions
 */
public record Rate(long perSecond, boolean messages) {
  /** What may pass at once after a pause is what passes in this part of a second. */
  private static final int BURSTS_PER_SECOND = 50;

  public Rate {
    if (perSecond < 1) {
      throw new IllegalArgumentException("a rate is at least 1 a second, not " + perSecond);
    }
  }

  /** The most that passes at once. */
  public long burst() {
    return Math.max(1, perSecond / BURSTS_PER_SECOND);
  }

  /** How long this much takes. */
  long nanosFor(long amount) {
    return (long) Math.ceil(amount * 1e9 / perSecond);
  }

  /**
   * Checks that it can hold for this stream.
   *
   * @throws PipeException Config when it counts messages and the stream has none
   */
  public void checkFits(boolean hasMessages) throws PipeException {
    if (messages && !hasMessages) {
      throw new PipeException.Config(
          String.format(
              Locale.ROOT,
              "a rate of %d messages a second needs messages; tell them apart with --frame",
              perSecond));
    }
  }
}
