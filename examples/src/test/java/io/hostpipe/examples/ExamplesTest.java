package io.hostpipe.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Examples are short, and each has its test. */
final class ExamplesTest {
  private static final int LINES_MAX = 60;

  private static final Path HERE = Path.of("src", "main", "java", "io", "hostpipe", "examples");
  private static final Path TESTS = Path.of("src", "test", "java", "io", "hostpipe", "examples");

  @Test
  void everyExampleFitsOneScreenAndHasItsTest() throws IOException {
    List<Path> examples;
    try (Stream<Path> files = Files.list(HERE)) {
      examples = files.filter(file -> !file.endsWith("package-info.java")).toList();
    }
    assertThat(examples).hasSizeGreaterThan(5);
    for (Path example : examples) {
      assertThat(Files.readAllLines(example)).as("%s", example).hasSizeLessThanOrEqualTo(LINES_MAX);
      String name = example.getFileName().toString();
      assertThat(TESTS.resolve(name.replace(".java", "Test.java"))).exists();
    }
  }

  /** The documents' test runs the block; this file is what it says. */
  @ParameterizedTest
  @ValueSource(strings = {"README.md", "README.zh-CN.md"})
  void theReadmeShowsTheOrders(String document) throws IOException {
    assertThat(Files.readString(Path.of("..", document)))
        .contains("```java\n" + Files.readString(Path.of("Orders.java")) + "```");
  }
}
