package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The BOM names every jar that a program may use, at the version of all. */
final class BomTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** No program depends on these. */
  private static final Set<String> OF_THIS_TREE_ALONE =
      Set.of("bom", "cli", "bench", "examples", "examples/user-service", "testkit/kafka-server");

  @Test
  void namesEveryModuleThatIsMadeToBeUsed() throws IOException {
    Set<String> modules = new TreeSet<>();
    for (String module :
        all("<module>([^<]+)</module>", Files.readString(ROOT.resolve("pom.xml")))) {
      if (!OF_THIS_TREE_ALONE.contains(module)) {
        String pom = Files.readString(ROOT.resolve(module).resolve("pom.xml"));
        modules.add(all("</parent>\\s*<artifactId>([^<]+)</artifactId>", pom).getFirst());
      }
    }
    assertThat(modules).hasSizeGreaterThan(4);
    List<String> named =
        all("<dependency>\\s*<groupId>io.hostpipe</groupId>\\s*<artifactId>([^<]+)<", bom());
    assertThat(named).containsExactlyInAnyOrderElementsOf(modules);
  }

  @Test
  void hasTheVersionOfTheParent() throws IOException {
    String version = "</artifactId>\\s*<version>([^<$]+)</version>\\s*<packaging>";
    assertThat(all(version, bom()))
        .isEqualTo(all(version, Files.readString(ROOT.resolve("pom.xml"))))
        .hasSize(1);
  }

  private static String bom() throws IOException {
    return Files.readString(ROOT.resolve("bom").resolve("pom.xml"));
  }

  private static List<String> all(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().map(found -> found.group(1)).toList();
  }
}
