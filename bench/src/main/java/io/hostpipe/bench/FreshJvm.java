package io.hostpipe.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A JVM like this one that does one thing, tells a rate, and ends. */
final class FreshJvm {
  private static final int WARM_UP_PART = 4;
  private static final String RATE = "messages a second: ";
  private static final Pattern TOLD = Pattern.compile(RATE + "([0-9.Ee+-]+)");

  private FreshJvm() {}

  /** How far something had got at a time. */
  record Mark(double seconds, double count) {}

  /** The rate that a main class of ours tells. */
  static double rate(Class<?> main, String... words) throws IOException, InterruptedException {
    return rate(TOLD, main.getName(), words);
  }

  /**
   * The rate that a tool prints: the last one, where it prints several.
   *
   * @param told has the rate in its first group
   */
  static double rate(Pattern told, String main, String... words)
      throws IOException, InterruptedException {
    String said = run(main, words);
    Matcher found = told.matcher(said);
    String rate = null;
    while (found.find()) {
      rate = found.group(1);
    }
    if (rate == null) {
      throw new IllegalStateException(main + " tells no rate: " + said);
    }
    return Double.parseDouble(rate);
  }

  /**
   * The rate behind the first quarter, of a tool that tells how it gets on; of all, where it told
   * nothing between that and the end.
   */
  static double steady(List<Mark> marks, int count) {
    if (marks.size() < 2) {
      throw new IllegalStateException("too few messages to tell a rate: --published, more");
    }
    Mark last = marks.getLast();
    Mark from =
        marks.stream()
            .filter(each -> each.count() >= warmUp(count) && each.seconds() < last.seconds())
            .findFirst()
            .orElse(marks.getFirst());
    return (last.count() - from.count()) / (last.seconds() - from.seconds());
  }

  /** What it prints, when it ends well. */
  static String run(String main, String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      if (code != 0) {
        throw new IllegalStateException(
            main + " " + String.join(" ", words) + " ended with " + code + ": " + said);
      }
      return said;
    } finally {
      process.destroyForcibly();
    }
  }

  /** In that JVM: tells the rate of so many messages since then, as {@link System#nanoTime}. */
  static void tell(long count, long begunNanos) {
    System.out.println(RATE + count * 1e9 / (System.nanoTime() - begunNanos));
  }

  /** So many of these messages warm up, and are not in the rate. */
  static int warmUp(int count) {
    return count / WARM_UP_PART;
  }
}
