package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The classes and members that documents send a reader to are there: {@code `CamelCase`} and {@code
 * `Class.member`} in backticks.
 */
final class DocumentedNamesTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  private static final List<String> DOCUMENTS =
      List.of(
          "docs/ARCHITECTURE.md",
          "docs/PROTOCOL.md",
          "docs/LIBRARY.md",
          "docs/zh-CN/article.md",
          "SECURITY.md");

  private static final Pattern NAME =
      Pattern.compile("`([A-Z][a-z]+(?:[A-Z][A-Za-z]*)?)(?:\\.(\\w+))?`");

  /** Of the JDK, and of the languages that the article is written in. */
  private static final Set<String> NOT_OURS =
      Set.of(
          "BufferedOutputStream",
          "CompletionStage",
          "IllegalArgumentException",
          "IllegalStateException",
          "InputStream",
          "InterruptedException",
          "InterruptedIOException",
          "OutputStream",
          "ServiceLoader",
          "SocketChannel",
          "StopIteration",
          "UnicodeDecodeError",
          "ConnectionError",
          "TimeoutError");

  @Test
  void everyNamedClassAndMemberIsThere() throws IOException {
    Map<String, String> sources = sources();
    List<String> missing = new ArrayList<>();
    int found = 0;
    for (String document : DOCUMENTS) {
      Matcher name = NAME.matcher(Files.readString(ROOT.resolve(document)));
      while (name.find()) {
        String type = name.group(1);
        String member = name.group(2);
        boolean oneWord = type.chars().filter(Character::isUpperCase).count() == 1;
        if (NOT_OURS.contains(type) || (oneWord && member == null)) {
          continue;
        }
        found++;
        String source = sources.get(type);
        if (source == null || (member != null && !source.contains(member))) {
          missing.add(document + ": " + name.group());
        }
      }
    }
    assertThat(missing).isEmpty();
    assertThat(found).isGreaterThan(40);
  }

  private static Map<String, String> sources() throws IOException {
    Map<String, String> byName = new HashMap<>();
    for (Path file : JavaFiles.all()) {
      String name = file.getFileName().toString();
      String simple = name.substring(0, name.length() - ".java".length());
      // Modules may have classes of one name.
      byName.merge(simple, Files.readString(file), String::concat);
    }
    return byName;
  }
}
