package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A moderate number of inputs in each test run; {@code scripts/fuzz} takes more. */
final class SessionFuzzTest {
  private static final long COUNT = Long.getLong("hostpipe.fuzz.inputs", 40_000);
  private static final long SEED = Long.getLong("hostpipe.fuzz.seed", 1);
  private static final double PASSED_LEAST = 0.3;

  @Test
  void nothingThatAPeerSaysBreaksASession() {
    FuzzRun.Tally tally = FuzzRun.many(COUNT, SEED);
    System.out.println(tally);
    assertThat(tally.passedShare()).isGreaterThanOrEqualTo(PASSED_LEAST);
    assertThat(tally.noFrames).isPositive();
    assertThat(tally.refused).isPositive();
  }
}
