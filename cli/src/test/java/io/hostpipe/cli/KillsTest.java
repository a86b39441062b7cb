package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.testkit.kills.Kills;
import io.hostpipe.testkit.kills.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Kills of real processes, spread over all kinds of pipes; {@code scripts/kills} does any number.
 *
 * <p>Two runs are under way at a time, because most of a run is waiting.
 */
final class KillsTest {
  private static final int AT_ONCE = 2;
  private static final int KILL_COUNT = 100;
  private static final int BLOW_COUNT = 6;
  private static final long SIZE_BYTES = 16 << 20;
  private static final long LARGE_BYTES = 256 << 20;

  @TempDir private Path folder;

  @Test
  void nothingIsLostOrDoubledInAHundredKills() throws Exception {
    List<Callable<Kills.Result>> runs = new ArrayList<>();
    for (int part = 0; part < AT_ONCE; part++) {
      int first = part;
      runs.add(() -> {
        List<Kind> all = List.of(Kind.values());
        List<Kind> kinds = new ArrayList<>();
        for (int index = first; index < all.size(); index += AT_ONCE) {
          kinds.add(all.get(index));
        }
        return kill(kinds, KILL_COUNT / AT_ONCE, BLOW_COUNT, SIZE_BYTES, System.out);
      });
    }
    int kills = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
      for (Future<Kills.Result> each : threads.invokeAll(runs)) {
        Kills.Result result = result(each);
        System.out.println(result);
        assertThat(result.failure()).isNull();
        assertThat(result.killsByKind().values()).allMatch(count -> count > 0);
        kills += result.kills();
      }
    }
    assertThat(kills).isGreaterThanOrEqualTo(KILL_COUNT);
  }

  @Test
  void aLargeFileWithSpoolsArrivesThroughTwentyKills() throws Exception {
    Kills.Result result = kill(List.of(Kind.SPOOLS), 20, 20, LARGE_BYTES, System.out);
    System.out.println(result);
    assertThat(result.failure()).isNull();
    assertThat(result.kills()).isGreaterThanOrEqualTo(20);
  }

  /** A runner that sees nothing would be none: without a session the same kills are fatal. */
  @ParameterizedTest
  @ValueSource(strings = {"FILES", "LINES"})
  void withoutASessionTheRunnerSeesTheLoss(Kind kind) throws Exception {
    Path forgetting = folder.resolve("forgetting");
    Files.writeString(
        forgetting,
        """
        #!/bin/sh
        # The command without the flag that lets it remember.
        for word; do
          shift
          case $word in
            --session) skip=1 ;;
            *) [ -n "$skip" ] && skip= || set -- "$@" "$word" ;;
          esac
        done
        exec @COMMAND@ "$@"
        """
            .replace("@COMMAND@", "'" + String.join("' '", command()) + "'"));
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    Kills.Result result =
        Kills.run(
            new Kills.Settings(
                List.of("sh", forgetting.toString()),
                folder,
                List.of(kind),
                1,
                1,
                1,
                BLOW_COUNT,
                SIZE_BYTES),
            new PrintStream(said, true, StandardCharsets.UTF_8));
    assertThat(result.failure()).contains(kind.word() + " failed: ", "--seed 1");
    assertThat(said.toString(StandardCharsets.UTF_8)).contains("seed 1: KILL ", "---- receiver");
  }

  private Kills.Result kill(
      List<Kind> kinds, int killCount, int blowCount, long sizeBytes, PrintStream out)
      throws IOException, InterruptedException {
    return Kills.run(
        new Kills.Settings(
            command(), folder, kinds, 1, killCount, Integer.MAX_VALUE, blowCount, sizeBytes),
        out);
  }

  private static Kills.Result result(Future<Kills.Result> run) throws Exception {
    try {
      return run.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  private static List<String> command() {
    return Arrays.asList(CommandProcess.builder().command().toArray(String[]::new));
  }
}
