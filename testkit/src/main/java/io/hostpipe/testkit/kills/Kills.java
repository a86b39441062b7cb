package io.hostpipe.testkit.kills;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Kills processes of the command until so many are dead, and looks whether anything was lost.
 *
 * <p>Every run moves one stream, of a kind that follows from its seed. What was done in a run
 * follows from the seed too, as far as a machine does twice the same. Thread rule: one thread.
 */
public final class Kills {
  private final Settings settings;
  private final PrintStream out;
  private final Map<Kind, Integer> killsByKind = new EnumMap<>(Kind.class);
  private int suspensions;
  private int runs;

  private Kills(Settings settings, PrintStream out) {
    this.settings = settings;
    this.out = out;
  }

  /**
   * What is done.
   *
   * @param hostpipe the words that start the command
   * @param folder where runs have their folders; one that failed leaves its own behind
   * @param kinds what the seeds choose from
   * @param seed of the first run; the next has the next one
   * @param killCount how many processes are killed before it is enough
   * @param runCount how many runs are begun at most
   * @param blowCount how often a run is hit, at most
   * @param sizeBytes how much a run moves
   */
  public record Settings(
      List<String> hostpipe,
      Path folder,
      List<Kind> kinds,
      long seed,
      int killCount,
      int runCount,
      int blowCount,
      long sizeBytes) {}

  /** What came of it. */
  public record Result(
      int runs, Map<Kind, Integer> killsByKind, int suspensions, @Nullable String failure) {
    /** How many processes were killed. */
    public int kills() {
      return killsByKind.values().stream().mapToInt(Integer::intValue).sum();
    }

    @Override
    public String toString() {
      return kills()
          + " kills and "
          + suspensions
          + " suspensions in "
          + runs
          + " runs ("
          + killsByKind.entrySet().stream()
              .map(each -> each.getKey().word() + " " + each.getValue())
              .collect(Collectors.joining(", "))
          + "): "
          + (failure == null ? "nothing lost, nothing twice" : failure);
    }
  }

  /** Does it; what is done goes to the stream, one line for each. */
  public static Result run(Settings settings, PrintStream out)
      throws IOException, InterruptedException {
    return new Kills(settings, out).run();
  }

  private Result run() throws IOException, InterruptedException {
    String failure = null;
    while (failure == null && killCount() < settings.killCount() && runs < settings.runCount()) {
      failure = runOne(settings.seed() + runs);
      runs++;
    }
    return new Result(runs, Map.copyOf(killsByKind), suspensions, failure);
  }

  private int killCount() {
    return killsByKind.values().stream().mapToInt(Integer::intValue).sum();
  }

  private @Nullable String runOne(long seed) throws IOException, InterruptedException {
    List<Kind> kinds = settings.kinds();
    Kind kind = kinds.get((int) Long.remainderUnsigned(seed, kinds.size()));
    Path folder = Files.createTempDirectory(settings.folder(), kind.word() + "-" + seed + "-");
    long begunNanos = System.nanoTime();
    try (Run run =
        new Run(
            kind,
            seed,
            settings.blowCount(),
            settings.sizeBytes(),
            folder,
            settings.hostpipe(),
            out)) {
      try {
        run.play();
      } catch (Run.Failed e) {
        String again =
            "--pair " + kind.word() + " --seed " + seed + " --size " + settings.sizeBytes();
        out.println(run.lastWords());
        return kind.word()
            + " failed: "
            + e.getMessage()
            + "\n"
            + folder
            + " is left as it was; again: "
            + again;
      } finally {
        killsByKind.merge(kind, run.kills(), Integer::sum);
        suspensions += run.suspensions();
      }
      out.printf(
          "seed %d: %s, %d killed, %d suspended, all equal, %.1f s%n",
          seed,
          kind.word(),
          run.kills(),
          run.suspensions(),
          (System.nanoTime() - begunNanos) / 1e9);
    }
    remove(folder);
    return null;
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> all = new ArrayList<>(files.toList());
      all.sort(Comparator.reverseOrder());
      for (Path each : all) {
        Files.deleteIfExists(each);
      }
    } catch (UncheckedIOException e) {
      throw Objects.requireNonNull(e.getCause());
    }
  }
}
