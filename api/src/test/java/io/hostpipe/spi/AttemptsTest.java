package io.hostpipe.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What counts as one row of tries. */
final class AttemptsTest {
  private static final int RETRY_MAX = 5;

  private final PipeException broken = new PipeException.Unreachable("it broke", null);
  private Attempts attempts;

  @BeforeEach
  void prepare() throws PipeException {
    attempts = attempts(Duration.ofHours(1));
  }

  @Test
  void aConnectionThatBreaksAtOnceEachTimeIsGivenUp() throws Exception {
    for (int index = 0; index < RETRY_MAX; index++) {
      attempts.pauseAfter(broken);
      attempts.succeeded(7);
    }
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> attempts.pauseAfter(broken))
        .isSameAs(broken);
  }

  @Test
  void oneThatBringsTheStreamFurtherBeginsANewRow() throws Exception {
    int breaks = 0;
    for (int index = 0; index < 3 * RETRY_MAX; index++) {
      attempts.pauseAfter(broken);
      attempts.succeeded(index);
      attempts.succeeded(index + 1);
      breaks++;
    }
    assertThat(breaks).isEqualTo(3 * RETRY_MAX);
  }

  @Test
  void oneThatStandsForLongBeginsANewRow() throws Exception {
    attempts = attempts(Duration.ZERO);
    int breaks = 0;
    for (int index = 0; index < 3 * RETRY_MAX; index++) {
      attempts.pauseAfter(broken);
      attempts.succeeded(7);
      breaks++;
    }
    assertThat(breaks).isEqualTo(3 * RETRY_MAX);
  }

  /**
   * Of which each pause is nearly nothing.
   *
   * @param longest how soon a break comes at once
   */
  private static Attempts attempts(Duration longest) throws PipeException {
    RetryPolicy policy =
        new RetryPolicy(RetryPolicy.NEVER, RETRY_MAX, Duration.ofNanos(1), longest);
    return new Attempts(
        PipeContext.messages(Hostpipe.pool()).withRetry(policy), Address.parse("tcp://here:1/x"));
  }
}
