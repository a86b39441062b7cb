package io.hostpipe.testkit.kills;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Kills from the command line: {@code --count N} kills, {@code --seed S} of the first run, {@code
 * --pair KIND} of one kind only. See docs/SESSIONS.md.
 *
 * <p>Exits with 1 when anything was lost, with 2 for a wrong word.
 */
public final class KillsCommand {
  private static final String USAGE =
      "usage: kills --command HOSTPIPE [--count N] [--seed S] [--pair KIND]… [--runs N] [--per-run N]"
          + " [--size SIZE] [--folder DIR]; kinds: "
          + Arrays.stream(Kind.values()).map(Kind::word).collect(Collectors.joining(", "));

  private List<String> command = List.of("hostpipe");
  private Path folder = Path.of(System.getProperty("java.io.tmpdir"));
  private final List<Kind> kinds = new ArrayList<>();
  private long seed = System.nanoTime() >>> 20;
  private int killCount = 100;
  private int runCount = Integer.MAX_VALUE;
  private int blowCount = 6;
  private long sizeBytes = 24 << 20;

  private KillsCommand() {}

  /** Runs what the words say. */
  public static void main(String[] words) throws IOException, InterruptedException {
    System.exit(new KillsCommand().run(words, System.out, System.err));
  }

  private int run(String[] words, PrintStream out, PrintStream err)
      throws IOException, InterruptedException {
    try {
      for (int index = 0; index < words.length; index += 2) {
        if (index + 1 == words.length) {
          throw new IllegalArgumentException(words[index] + " wants a value");
        }
        take(words[index], words[index + 1]);
      }
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage() + "\n" + USAGE);
      return 2;
    }
    Files.createDirectories(folder);
    Kills.Result result =
        Kills.run(
            new Kills.Settings(
                command,
                folder,
                kinds.isEmpty() ? List.of(Kind.values()) : kinds,
                seed,
                killCount,
                runCount,
                blowCount,
                sizeBytes),
            out);
    out.println(result);
    return result.failure() == null ? 0 : 1;
  }

  private void take(String word, String value) {
    switch (word) {
      case "--command" -> command = List.of(value);
      case "--folder" -> folder = Path.of(value);
      case "--pair" -> kinds.add(kind(value));
      case "--seed" -> seed = Long.parseLong(value);
      case "--count" -> killCount = Integer.parseInt(value);
      case "--runs" -> runCount = Integer.parseInt(value);
      case "--per-run" -> blowCount = Integer.parseInt(value);
      case "--size" -> sizeBytes = bytes(value);
      default -> throw new IllegalArgumentException("unknown word " + word);
    }
  }

  private static Kind kind(String value) {
    return Arrays.stream(Kind.values())
        .filter(each -> each.word().equals(value))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("there is no kind " + value));
  }

  private static long bytes(String value) {
    String text = value.toUpperCase(Locale.ROOT);
    int shift = "KMGT".indexOf(text.charAt(text.length() - 1)) + 1;
    return Long.parseLong(shift == 0 ? text : text.substring(0, text.length() - 1)) << (10 * shift);
  }
}
