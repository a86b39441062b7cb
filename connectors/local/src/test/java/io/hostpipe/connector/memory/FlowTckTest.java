package io.hostpipe.connector.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.testng.ITestResult;
import org.testng.TestListenerAdapter;
import org.testng.TestNG;

/**
 * The Technology Compatibility Kit of the Reactive Streams passes, and skips nothing but what the
 * table {@code flow-tck-skips.txt} names with its reason.
 */
final class FlowTckTest {
  /** How long what has to happen may take. */
  static final long TIMEOUT_MILLIS = 3_000;

  /** How long what must not happen is waited for. */
  static final long QUIET_MILLIS = 60;

  @ParameterizedTest
  @ValueSource(classes = {PublisherTck.class, SubscriberTck.class})
  void theKitPasses(Class<?> verification, @TempDir Path folder) throws IOException {
    TestListenerAdapter results = new TestListenerAdapter();
    TestNG kit = new TestNG(false);
    kit.setOutputDirectory(folder.toString());
    kit.setTestClasses(new Class<?>[] {verification});
    kit.addListener(results);
    kit.run();
    assertThat(results.getFailedTests()).as("failed").extracting(FlowTckTest::shown).isEmpty();
    assertThat(results.getConfigurationFailures()).isEmpty();
    assertThat(names(results.getSkippedTests()))
        .as("the tests that %s skips", verification.getSimpleName())
        .isEqualTo(allowedSkips(verification));
    assertThat(results.getPassedTests()).hasSizeGreaterThan(10);
  }

  private static String shown(ITestResult result) {
    return result.getName() + ": " + result.getThrowable();
  }

  private static Set<String> names(Collection<ITestResult> results) {
    return results.stream()
        .map(ITestResult::getName)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Lines of the table: the class, the test, and why. */
  private static Set<String> allowedSkips(Class<?> verification) throws IOException {
    try (BufferedReader table =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(FlowTckTest.class.getResourceAsStream("flow-tck-skips.txt")),
                StandardCharsets.UTF_8))) {
      return table
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> Arrays.asList(line.split("\\s+", 3)))
          .filter(
              words -> words.size() == 3 && words.getFirst().equals(verification.getSimpleName()))
          .map(words -> words.get(1))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }
}
