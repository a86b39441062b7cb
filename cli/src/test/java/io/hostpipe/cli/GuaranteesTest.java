package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/GUARANTEES.md claims nothing that no test holds: each cell leads to one, by its name. */
final class GuaranteesTest {
  private static final Path DOCS = Path.of("..", "docs");
  private static final Pattern LINK =
      Pattern.compile("\\]\\(([^) ]+\\.java) \"([A-Za-z0-9]+)\"\\)");
  private static final int LINKS_LEAST = 60;

  @Test
  void eachCellLeadsToATestThatIsThere() throws IOException {
    List<String> wrong = new ArrayList<>();
    int links = 0;
    for (String line : Files.readAllLines(DOCS.resolve("GUARANTEES.md"))) {
      Matcher link = LINK.matcher(line);
      while (link.find()) {
        links++;
        Path test = DOCS.resolve(link.group(1)).normalize();
        if (!Files.exists(test)
            || !Files.readString(test).contains("  void " + link.group(2) + "(")) {
          wrong.add("there is no test " + link.group(2) + " in " + link.group(1));
        }
      }
      if (isClaim(line)) {
        wrong.addAll(cellsWithoutTest(line));
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(links).isGreaterThan(LINKS_LEAST);
  }

  /** A row of a table that is neither its head nor the line below. */
  private static boolean isClaim(String line) {
    return line.startsWith("| ")
        && List.of("| source |", "| destination |", "| failure |", "| `--ack` |", "| fault |")
            .stream()
            .noneMatch(line::startsWith);
  }

  private static List<String> cellsWithoutTest(String line) {
    String[] cells = line.substring(1).split("\\|", -1);
    List<String> without = new ArrayList<>();
    for (int index = 1; index < cells.length; index++) {
      if (!cells[index].isBlank() && !LINK.matcher(cells[index]).find()) {
        without.add("no test for '" + cells[index].strip() + "' of" + cells[0]);
      }
    }
    return without;
  }
}
