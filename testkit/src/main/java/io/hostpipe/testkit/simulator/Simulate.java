package io.hostpipe.testkit.simulator;

import java.io.PrintStream;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Runs the simulator from the command line: {@code --seeds N --from S} for many runs, {@code --seed
 * X} for one with its whole trace.
 *
 * <p>Exits with 1 when an invariant was broken, with 2 for a wrong word.
 */
public final class Simulate {
  private static final long PROGRESS_SEEDS = 10_000;

  private Simulate() {}

  /** Runs what the words say. */
  public static void main(String[] words) {
    System.exit(run(words, System.out, System.err));
  }

  static int run(String[] words, PrintStream out, PrintStream err) {
    Long seed = null;
    long from = 1;
    long count = 2_000;
    for (int index = 0; index < words.length; index += 2) {
      Long value = index + 1 < words.length ? number(words[index + 1]) : null;
      if (value == null) {
        err.println(words[index] + " needs a number behind it");
        return 2;
      }
      switch (words[index]) {
        case "--seed" -> seed = value;
        case "--from" -> from = value;
        case "--seeds" -> count = value;
        default -> {
          err.println("unknown word " + words[index] + "; there are --seeds, --from and --seed");
          return 2;
        }
      }
    }
    if (seed != null) {
      return runOne(seed, out);
    }
    return runMany(from, count, out, err);
  }

  private static int runOne(long seed, PrintStream out) {
    Simulation.Result result = Simulation.run(seed, new Transmits(), out);
    out.println(shown(result));
    return result.violation() == null ? 0 : 1;
  }

  private static int runMany(long from, long count, PrintStream out, PrintStream err) {
    Summary summary = new Summary();
    Transmits transmits = new Transmits();
    long begunNanos = System.nanoTime();
    for (long seed = from; seed < from + count; seed++) {
      Simulation.Result result = Simulation.run(seed, transmits, null);
      summary.add(result);
      if (result.violation() != null) {
        err.println(shown(result));
        transmits = new Transmits();
      }
      if ((seed - from + 1) % PROGRESS_SEEDS == 0) {
        err.println((seed - from + 1) + " seeds, " + summary.violationCount + " violations");
      }
    }
    double minutes = (System.nanoTime() - begunNanos) / 60e9;
    out.println(summary.outcomes);
    out.printf(
        "%d seeds from %d, %d steps, %.0f seeds a minute, %d violations%n",
        count, from, summary.steps, count / minutes, summary.violationCount);
    out.printf("trace hash %016x%n", summary.hash);
    return summary.violationCount == 0 ? 0 : 1;
  }

  /**
   * The first seed that breaks an invariant, as text that begins with its number; null when all
   * hold. For callers that know this class by name only, from another class loader.
   */
  public static @Nullable String firstViolation(long from, long count) {
    Transmits transmits = new Transmits();
    for (long seed = from; seed < from + count; seed++) {
      Simulation.Result result = Simulation.run(seed, transmits, null);
      if (result.violation() != null) {
        return seed + " " + result.violation();
      }
    }
    return null;
  }

  private static @Nullable Long number(String word) {
    try {
      return Long.valueOf(word);
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static String shown(Simulation.Result result) {
    String violation = result.violation();
    return String.format(
        "seed %d: %s, %d steps, %.3f s, trace hash %016x%s",
        result.seed(),
        result.outcome(),
        result.steps(),
        result.nanos() / 1e9,
        result.hash(),
        violation == null ? "" : "\n  VIOLATION: " + violation);
  }

  /** What many runs came to. */
  static final class Summary {
    final Map<String, Integer> outcomes = new TreeMap<>();
    long steps;
    long hash;
    int violationCount;

    void add(Simulation.Result result) {
      outcomes.merge(result.outcome(), 1, Integer::sum);
      steps += result.steps();
      hash = Trace.mix(hash * 31 + result.hash());
      violationCount += result.violation() == null ? 0 : 1;
    }
  }
}
