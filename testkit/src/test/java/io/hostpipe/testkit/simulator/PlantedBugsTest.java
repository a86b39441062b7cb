package io.hostpipe.testkit.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each of these bugs, planted into the session, is found by ordinary seeds. */
final class PlantedBugsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path BUGS = Path.of("src/test/planted-bugs");
  private static final long SEED_COUNT = 2_000;

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(PlantedBug bug, @TempDir Path folder)
      throws IOException, ReflectiveOperationException {
    String found = PatchedSimulator.compile(bug, ROOT, folder).firstViolation(1, SEED_COUNT);
    System.out.println(bug + ": seed " + found);
    assertThat(found).as("a violation within " + SEED_COUNT + " seeds").isNotNull();
  }

  @Test
  void thereAreManyAndEachSaysWhatItDoes() throws IOException {
    assertThat(bugs()).hasSizeGreaterThanOrEqualTo(10);
    assertThat(bugs()).allSatisfy(bug -> assertThat(bug.description()).endsWith("."));
  }

  static List<PlantedBug> bugs() throws IOException {
    return PlantedBug.allIn(BUGS);
  }
}
