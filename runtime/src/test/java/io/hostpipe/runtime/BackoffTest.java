package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.spi.RetryPolicy;
import java.time.Duration;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class BackoffTest {
  private static final long MILLIS = 1_000_000;

  private static final RetryPolicy POLICY =
      new RetryPolicy(Duration.ofMinutes(5), 3, Duration.ofMillis(50), Duration.ofSeconds(5));

  /** Draws the longest delay that is allowed. */
  private static final RandomGenerator LONGEST =
      new RandomGenerator() {
        @Override
        public long nextLong() {
          throw new AssertionError("delays are drawn between bounds");
        }

        @Override
        public long nextLong(long bound) {
          return bound - 1;
        }
      };

  @Test
  void theBoundDoublesUpToTheLongestDelay() {
    Backoff backoff = new Backoff(POLICY, LONGEST);
    long[] boundsMillis = {50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000};
    for (long boundMillis : boundsMillis) {
      assertThat(backoff.nextDelayNanos()).isEqualTo(boundMillis * MILLIS);
    }
  }

  @Test
  void delaysFallAnywhereBelowTheBound() {
    Backoff backoff = new Backoff(POLICY, new Random(1));
    long least = Long.MAX_VALUE;
    long most = 0;
    for (int index = 0; index < 1_000; index++) {
      long delayNanos = backoff.nextDelayNanos();
      assertThat(delayNanos).isBetween(0L, 5_000 * MILLIS);
      least = Math.min(least, delayNanos);
      most = Math.max(most, delayNanos);
    }
    assertThat(least).isLessThan(100 * MILLIS);
    assertThat(most).isGreaterThan(4_900 * MILLIS);
  }

  @Test
  void aSuccessBeginsAnew() {
    Backoff backoff = new Backoff(POLICY, LONGEST);
    for (int index = 0; index < 4; index++) {
      assertThat(backoff.isExhausted()).isFalse();
      backoff.nextDelayNanos();
    }
    assertThat(backoff.isExhausted()).isTrue();
    assertThat(backoff.triesInARow()).isEqualTo(4);
    backoff.onSuccess();
    assertThat(backoff.isExhausted()).isFalse();
    assertThat(backoff.nextDelayNanos()).isEqualTo(50 * MILLIS);
  }

  @Test
  void noDelayIsADelay() {
    RetryPolicy none =
        new RetryPolicy(Duration.ofMinutes(5), Integer.MAX_VALUE, Duration.ZERO, Duration.ZERO);
    Backoff backoff = new Backoff(none, new Random(1));
    assertThat(backoff.nextDelayNanos()).isZero();
    assertThat(backoff.nextDelayNanos()).isZero();
  }
}
