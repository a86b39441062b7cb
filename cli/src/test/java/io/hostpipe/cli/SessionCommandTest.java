package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sessions of a host, as {@code hostpipe session} shows and changes them. */
final class SessionCommandTest {
  @TempDir private Path folder;

  @Test
  void listsSessionsWithTheirStateAndHolder() throws IOException, InterruptedException {
    Path in = Files.writeString(folder.resolve("in"), "bytes");
    try (CommandProcess done = pipe(in.toString(), "./done", "--session", "done")) {
      assertThat(done.exitCode()).as(done::err).isZero();
    }
    try (CommandProcess running = pipe("-", "./running", "--session", "running")) {
      running.feed(new byte[1]);
      Waiting.until(() -> Files.exists(folder.resolve("running")));
      String process = "running by process " + running.process().pid();
      assertThat(ls().lines())
          .satisfiesExactly(
              head -> assertThat(head).startsWith("SESSION  STATE "),
              row -> assertThat(row).matches("done +ended +done +- +" + in + " +.*/done"),
              row ->
                  assertThat(row).matches("running +" + process + " +running +- +- +.*/running"));
      running.signal("KILL");
      running.exitCode();
    }
    assertThat(ls().lines()).last().asString().matches("running +stopped +running .*");
  }

  @Test
  void aSessionThatIsResetBeginsAnotherStream() throws IOException, InterruptedException {
    Path in = Files.writeString(folder.resolve("in"), "bytes");
    try (CommandProcess killed = pipe("-", "./out", "--session", "s")) {
      killed.feed(new byte[1]);
      Waiting.until(() -> Files.exists(folder.resolve("out")));
      killed.signal("KILL");
      killed.exitCode();
    }
    try (CommandProcess other = pipe(in.toString(), "./out", "--session", "s")) {
      assertThat(other.exitCode()).as(other::err).isEqualTo(4);
      assertThat(other.err()).contains("the session 's' is from - to ", "session reset s");
    }
    try (CommandProcess reset = command("session", "reset", "s")) {
      assertThat(reset.exitCode()).as(reset::err).isZero();
      assertThat(reset.err())
          .contains("the stream s is forgotten here; the next start of the session 's' begins")
          .contains("another one, at position 0");
    }
    assertThat(ls()).contains("  ended");
    try (CommandProcess other = pipe(in.toString(), "./other", "--session", "s")) {
      assertThat(other.exitCode()).as(other::err).isZero();
    }
    assertThat(ls()).containsPattern("s +ended +s#2 +- +" + in + " ");
  }

  @Test
  void aSessionInUseIsNeitherResetNorTaken() throws IOException, InterruptedException {
    try (CommandProcess running = pipe("-", "./out", "--session", "s")) {
      running.feed(new byte[1]);
      Waiting.until(() -> Files.exists(folder.resolve("out")));
      for (String word : List.of("reset", "takeover")) {
        try (CommandProcess refused = command("session", word, "s")) {
          assertThat(refused.exitCode()).isEqualTo(4);
          assertThat(refused.err())
              .contains("the session 's' is in use by process " + running.process().pid());
        }
      }
    }
  }

  @Test
  void aTakeoverIsForTheNextStart() throws IOException, InterruptedException {
    try (CommandProcess killed = pipe("-", "./out", "--session", "s")) {
      killed.feed(new byte[1]);
      Waiting.until(() -> Files.exists(folder.resolve("out")));
      killed.signal("KILL");
      killed.exitCode();
    }
    try (CommandProcess taking = command("session", "takeover", "s")) {
      assertThat(taking.exitCode()).as(taking::err).isZero();
      assertThat(taking.err()).contains("the next start of the session 's' takes its stream");
    }
    assertThat(ls()).contains("  stopped, takes over  ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "2|session|say what: hostpipe session ls ",
        "2|session list|'list' is none of its words",
        "2|session resett x|did you mean 'reset'?",
        "2|session ls x|'ls' takes nothing behind it",
        "2|session reset|'reset' takes one name behind it",
        "2|session reset none|there is no session 'none' in ",
        "2|session takeover none|'hostpipe session ls' lists them",
        "0|session ls|there are no sessions in ",
      })
  void saysWhatItCannotDo(int code, String line, String message) {
    List<String> words = new ArrayList<>(List.of(line.split(" ")));
    words.addAll(List.of("--spool", folder.toString()));
    Captured captured = new Captured();
    assertThat(captured.run(words.toArray(String[]::new)).number()).isEqualTo(code);
    assertThat(captured.err()).startsWith("hostpipe: ").contains(message).doesNotContain("\tat ");
    assertThat(captured.out()).isEmpty();
  }

  private String ls() throws IOException, InterruptedException {
    try (CommandProcess ls = command("session", "ls")) {
      assertThat(ls.exitCode()).as(ls::err).isZero();
      return new String(ls.out(), StandardCharsets.UTF_8);
    }
  }

  private CommandProcess pipe(String from, String to, String... more) throws IOException {
    List<String> words = new ArrayList<>(List.of(from, folder.resolve(to).toString()));
    words.addAll(List.of(more));
    return command(words.toArray(String[]::new));
  }

  private CommandProcess command(String... words) throws IOException {
    return CommandProcess.start(
        Map.of("XDG_STATE_HOME", folder.resolve("state").toString()), words);
  }
}
