package io.hostpipe.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The table of what contract tests may skip; see the resource {@code contract-skips.txt}. */
final class ContractSkips {
  private static final Map<String, Set<String>> ALLOWED = read();

  private ContractSkips() {}

  /** Whether the table lets this test skip what needs that. */
  static boolean allows(Class<?> test, String what) {
    return ALLOWED.getOrDefault(test.getSimpleName(), Set.of()).contains(what);
  }

  private static Map<String, Set<String>> read() {
    Map<String, Set<String>> table = new HashMap<>();
    InputStream in = ContractSkips.class.getResourceAsStream("contract-skips.txt");
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(Objects.requireNonNull(in), StandardCharsets.UTF_8))) {
      for (String line : lines.lines().toList()) {
        List<String> words = List.of(line.split("\\s+", -1));
        if (!line.startsWith("#") && words.size() > 1) {
          table.put(words.getFirst(), Set.copyOf(words.subList(1, words.size())));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return table;
  }
}
