package io.hostpipe.storage.spool;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.PipeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The simulation finds what it is there for: spools that leave out one step are caught. */
final class SpoolPlantedBugsTest {
  private static final long SEEDS_MAX = 2_000;

  @ParameterizedTest
  @EnumSource
  void aForgottenStepIsFound(BrokenDisk.Forgets forgets) throws Exception {
    assertThat(seedThatFinds(forgets)).isBetween(1L, SEEDS_MAX);
  }

  @Test
  void recordsThatAreNotBoundToTheirLifeAreFound() throws Exception {
    assertThat(firstSeed(seed -> SpoolCrashTest.manyLives(seed, () -> 7, disk -> disk)))
        .isBetween(1L, SEEDS_MAX);
  }

  /** The first seed that finds it; one more than there are when none does. */
  static long seedThatFinds(BrokenDisk.Forgets forgets) throws Exception {
    return firstSeed(seed ->
        SpoolCrashTest.manyLives(
            seed, SpoolCrashTest.salts(seed), disk -> new BrokenDisk(disk, forgets)));
  }

  private static long firstSeed(Run run) throws Exception {
    for (long seed = 1; seed <= SEEDS_MAX; seed++) {
      try {
        run.with(seed);
      } catch (AssertionError | PipeException | IllegalStateException e) {
        return seed;
      }
    }
    return SEEDS_MAX + 1;
  }

  private interface Run {
    void with(long seed) throws Exception;
  }
}
