package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The errors that the pages of the connectors explain are errors that the code can say: the first
 * cell of each row below "## Errors" is one, in backticks. What varies in it is written {@code …},
 * {@code N}, {@code M} or {@code NAME}; each piece between these stands in the sources.
 */
final class DocumentedErrorsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `([^`]+)` \\|");
  private static final Pattern VARIES = Pattern.compile("…|\\b(?:N|M|NAME)\\b");

  /** One string written over several lines, and the quotes inside it. */
  private static final Pattern JOINED = Pattern.compile("\"\\s*\\+\\s*\"");

  @Test
  void everyExplainedErrorIsOneThatCanBeSaid() throws IOException {
    String sources = sources();
    List<String> explained = explained();
    assertThat(explained).hasSizeGreaterThan(20);
    assertThat(explained).allSatisfy(error -> assertThat(missing(error, sources)).isEmpty());
  }

  @Test
  void findsAnErrorThatNobodySays() throws IOException {
    assertThat(missing("… was eaten by N dogs", sources())).containsExactly("was eaten by", "dogs");
  }

  private static List<String> missing(String error, String sources) {
    return VARIES
        .splitAsStream(error)
        .map(String::strip)
        .filter(piece -> piece.length() > 3 && !sources.contains(piece))
        .toList();
  }

  private static List<String> explained() throws IOException {
    List<String> errors = new ArrayList<>();
    try (Stream<Path> pages = Files.list(ROOT.resolve("docs/connectors"))) {
      for (Path page : pages.sorted().toList()) {
        String text = Files.readString(page);
        Matcher row = ROW.matcher(text.substring(text.indexOf("## Errors")));
        while (row.find()) {
          errors.add(row.group(1));
        }
      }
    }
    return errors;
  }

  private static String sources() throws IOException {
    StringBuilder all = new StringBuilder();
    for (Path file : JavaFiles.main()) {
      all.append(Files.readString(file));
    }
    return JOINED.matcher(all).replaceAll("");
  }
}
