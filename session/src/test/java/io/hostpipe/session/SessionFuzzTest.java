package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A moderate number of inputs in each test run; {@code scripts/fuzz} takes more. */
final class SessionFuzzTest {
  private static final long COUNT = Long.getLong("hostpipe.fuzz.inputs", 40_000);
  private static final long SEED = Long.getLong("hostpipe.fuzz.seed", 1);

  @Test
  void nothingThatAPeerSaysBreaksASessionAndNearlyEveryBranchOfTheCodecIsTaken() throws Exception {
    CodecCoverage.Result result = CodecCoverage.of(COUNT, SEED);
    System.out.println(result.tally());
    result.branches().forEach(System.out::println);
    assertThat(result.passedShare()).isGreaterThanOrEqualTo(0.3);
    // What is left are branches that javac makes for patterns, and what is never encoded.
    assertThat(result.of("FrameCodec").share()).isGreaterThan(0.8);
    assertThat(result.of("FrameAssembler").share()).isGreaterThan(0.7);
    assertThat(result.of("Gate").share()).isGreaterThan(0.7);
  }
}
