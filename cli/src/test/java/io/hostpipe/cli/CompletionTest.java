package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CompletionTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"bash", "zsh", "fish"})
  void knowsEveryCommandFlagSchemeAndOption(String shell) {
    String script = script(shell);
    for (CommandName command : CommandName.values()) {
      if (command.word() != null) {
        assertThat(script).contains(command.word());
      }
    }
    for (Flag flag : Flag.values()) {
      assertThat(script).contains(shell.equals("fish") ? "-l " + flag.word() : "--" + flag.word());
      assertThat(script).contains(String.join(" ", flag.choices()));
    }
    assertThat(script).contains("tcp://", "tcp-listen://", "overwrite", "backlog=", "over=");
    assertThat(script).doesNotContainPattern("@[A-Z_]+@");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "hostpipe |send|recv|check|addresses|completion|demo|package|tcp://|tcp-listen://|-",
        "hostpipe se|send",
        "hostpipe --su|--summary",
        "hostpipe --summary |text|json",
        "hostpipe - tcp|//",
        "hostpipe ./x over|overwrite",
        "hostpipe tcp-listen://h:1/x back|backlog=",
        "hostpipe demo c|cuts=",
        "hostpipe completion z|zsh",
        "hostpipe addresses tcp-|tcp-listen",
      })
  void offersInBashWhatMayStandThere(String line, String first)
      throws IOException, InterruptedException {
    List<String> offered = offered(line);
    if (first.equals("//")) {
      assertThat(offered).containsExactlyInAnyOrder("tcp://", "tcp-listen://");
    } else {
      assertThat(offered).contains(first);
    }
  }

  @Test
  void offersFilesInBash() throws IOException, InterruptedException {
    Files.createFile(folder.resolve("some file"));
    assertThat(offered("hostpipe - ./so")).containsExactly("./some file");
  }

  @Test
  void dropsInBashWhatReadlineHasAlready() throws IOException, InterruptedException {
    assertThat(offered("hostpipe - tcp:")).containsExactly("//");
  }

  @Test
  void offersNothingWhereOnlyTheUserKnows() throws IOException, InterruptedException {
    assertThat(offered("hostpipe --size ")).isEmpty();
  }

  /** Asks a real bash what it would offer at the end of a line. */
  private List<String> offered(String line) throws IOException, InterruptedException {
    Path script = Files.writeString(folder.resolve("completion"), script("bash"));
    String asking =
        """
        compopt() { :; }
        source "$1"
        COMP_LINE=$2 COMP_POINT=${#2}
        _hostpipe
        printf '%s\\n' "${COMPREPLY[@]}"
        """;
    Process bash =
        new ProcessBuilder("bash", "-c", asking, "bash", script.toString(), line)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    String answer = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor(10, TimeUnit.SECONDS)).isTrue();
    return answer.lines().filter(each -> !each.isEmpty()).toList();
  }

  private static String script(String shell) {
    Captured captured = new Captured();
    assertThat(captured.run("completion", shell)).isEqualTo(ExitCode.OK);
    return captured.out();
  }
}
