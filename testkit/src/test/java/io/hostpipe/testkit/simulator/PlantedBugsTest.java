package io.hostpipe.testkit.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each of these bugs, planted into the session, is found by ordinary seeds. */
final class PlantedBugsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path BUGS = Path.of("src/test/planted-bugs");
  private static final Path DOCUMENT = Path.of("../docs/SIMULATOR.md");
  private static final String HEAD = "| bug | first seed | what is seen |";
  private static final long SEED_COUNT = 2_000;

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(PlantedBug bug, @TempDir Path folder)
      throws IOException, ReflectiveOperationException {
    String found = PatchedSimulator.compile(bug, ROOT, folder).firstViolation(1, SEED_COUNT);
    assertThat(found).as("a violation within " + SEED_COUNT + " seeds").isNotNull();
    System.out.println(bug + ": " + row(bug, Objects.requireNonNull(found)));
  }

  @Test
  void theDocumentHasARowForEachAndNoOther() throws IOException {
    List<String> rows =
        Files.readString(DOCUMENT)
            .lines()
            .dropWhile(line -> !line.equals(HEAD))
            .skip(2)
            .takeWhile(line -> line.startsWith("| "))
            .toList();
    List<String> told = rows.stream().map(row -> row.substring(2, row.indexOf(" | "))).toList();
    List<String> there = bugs().stream().map(PlantedBugsTest::told).toList();
    assertThat(told).containsExactlyInAnyOrderElementsOf(there);
  }

  @Test
  void thereAreManyAndEachSaysWhatItDoes() throws IOException {
    assertThat(bugs()).hasSizeGreaterThanOrEqualTo(10);
    assertThat(bugs()).allSatisfy(bug -> assertThat(bug.description()).endsWith("."));
  }

  /** The row that the document should have. */
  private static String row(PlantedBug bug, String found) {
    int space = found.indexOf(' ');
    String seen =
        found
            .substring(space + 1)
            .replaceAll("SessionFailure.code=\\d+, reason=(.*), byPeer=\\w+.", "$1")
            .replaceAll("\\b[ABR]\\d+\\b", "a process")
            .replaceAll("\\bstream-\\d", "a stream")
            .replaceAll("\\b\\d+\\b", "N");
    return "| " + told(bug) + " | " + found.substring(0, space) + " | " + seen + " |";
  }

  private static String told(PlantedBug bug) {
    return bug.description().substring(0, bug.description().length() - 1);
  }

  static List<PlantedBug> bugs() throws IOException {
    return PlantedBug.allIn(BUGS);
  }
}
