package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The real command with programs as its ends and in between. */
final class ExecProcessTest {
  /** More than the windows and pipes on the way together. */
  private static final int LARGE_BYTES = 40 << 20;

  @TempDir private Path folder;

  @Test
  void readsAProgramsOutputAndPassesItsWordsOnAsTheyAre() throws Exception {
    try (CommandProcess pipe =
        CommandProcess.start(
            "exec:printf '%s|' \"a b\" $HOME '*' c\\ d", "arg=e  f", "arg=-g", "-", "-q")) {
      assertThat(pipe.exitCode()).isZero();
      assertThat(pipe.out()).asString().isEqualTo("a b|$HOME|*|c d|e  f|-g|");
    }
  }

  @Test
  void runsAProgramInAFolderWithAVariableThatIsNotShown() throws Exception {
    String folderShown = folder.toRealPath().toString();
    try (CommandProcess pipe =
        CommandProcess.start(
            "exec:sh -c 'pwd; echo $KEY'", "cwd=" + folderShown, "env=KEY=s3cret", "-")) {
      assertThat(pipe.exitCode()).isZero();
      assertThat(pipe.out()).asString().isEqualTo(folderShown + "\ns3cret\n");
      assertThat(pipe.err()).contains("env=KEY=***").doesNotContain("s3cret");
    }
  }

  @Test
  void aSourceThatFailsEndsThePipeAsAPartAndTheFarSideSeesNoEnd() throws Exception {
    Path out = folder.resolve("out");
    try (CommandProcess there =
        CommandProcess.start("tcp-listen://127.0.0.1:0/x", out.toString())) {
      int port = there.awaitPort();
      try (CommandProcess here =
          CommandProcess.start(
              "exec:sh -c 'echo one; until [ -s out ]; do sleep 0.1; done; echo broken >&2; exit 3'",
              "cwd=" + folder,
              "tcp://127.0.0.1:" + port + "/x")) {
        assertThat(here.exitCode()).isEqualTo(6);
        assertThat(here.err())
            .contains("\nbroken\n")
            .contains("the program 'sh -c 'echo one; until [ -s out ]; do sleep ")
            .contains("ended with status 3")
            .contains("behind 4 bytes of output")
            .contains("its last words: broken");
      }
      assertThat(there.exitCode()).isEqualTo(6);
      assertThat(there.err()).contains("the peer gave up at position 4");
    }
  }

  @Test
  void aLargeStreamGoesOverALinkIntoAProgramWhichIsCommittedByItsExit() throws Exception {
    byte[] bytes = new byte[LARGE_BYTES];
    new Random(1).nextBytes(bytes);
    Path in = Files.write(folder.resolve("in"), bytes);
    Path out = folder.resolve("out");
    try (CommandProcess there =
        CommandProcess.start(
            "tcp-listen://127.0.0.1:0/x", "exec:sh -c 'cat >\"$0\"'", "arg=" + out)) {
      int port = there.awaitPort();
      try (CommandProcess here =
          CommandProcess.start(in.toString(), "tcp://127.0.0.1:" + port + "/x")) {
        assertThat(here.exitCode()).isZero();
      }
      assertThat(there.exitCode()).isZero();
    }
    assertThat(Arrays.equals(bytes, Files.readAllBytes(out))).isTrue();
  }

  @Test
  void aSinkThatFailsInTheEndLeavesNothingAcknowledged() throws Exception {
    byte[] bytes = new byte[LARGE_BYTES];
    Path in = Files.write(folder.resolve("in"), bytes);
    try (CommandProcess there =
        CommandProcess.start("tcp-listen://127.0.0.1:0/x", "exec:sh -c 'cat >/dev/null; exit 4'")) {
      int port = there.awaitPort();
      try (CommandProcess here =
          CommandProcess.start(in.toString(), "tcp://127.0.0.1:" + port + "/x")) {
        assertThat(here.exitCode()).isEqualTo(6);
        assertThat(here.err()).contains("delivered: 0..0, perhaps up to 41943040");
      }
      assertThat(there.exitCode()).isEqualTo(6);
      assertThat(there.err())
          .contains("ended with status 4 after the end of its input, at position 41943040")
          .contains("delivered: 0..0, perhaps up to 41943040");
    }
  }

  @Test
  void aSinkThatEndsBeforeItsInputHasFailedWhateverItsStatus() throws Exception {
    Path read = folder.resolve("read");
    try (CommandProcess pipe = CommandProcess.start("-", ends(read))) {
      pipe.feed("one\n".getBytes(StandardCharsets.UTF_8));
      awaitEnd(read);
      pipe.feed("two\n".getBytes(StandardCharsets.UTF_8));
      assertThat(pipe.exitCode()).isEqualTo(6);
      assertThat(pipe.err())
          .contains("ended with status 0 before the end of its input: 4 bytes were written to it")
          .contains("delivered: 0..0, perhaps up to 4");
    }
  }

  /** Nobody waits for ever for input that the program will not take. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aProgramThatEndedWellIsNotWaitedForForEver(boolean filter) throws Exception {
    Path read = folder.resolve("read");
    String[] words =
        filter
            ? new String[] {"-", "-", "--through", ends(read).substring(5)}
            : new String[] {"-", ends(read)};
    try (CommandProcess pipe = CommandProcess.start(words)) {
      pipe.feed("one\n".getBytes(StandardCharsets.UTF_8));
      assertThat(pipe.exitCode()).isEqualTo(6);
      assertThat(pipe.err()).contains("ended with status 0 before the end of its input: ");
    }
  }

  /** As tar does, which knows from its input where that ends. */
  @Test
  void aSinkMayKnowItsLastByteBeforeItIsToldOfTheEnd() throws Exception {
    Path read = folder.resolve("read");
    try (CommandProcess pipe = CommandProcess.start("-", ends(read))) {
      pipe.feed("one\n".getBytes(StandardCharsets.UTF_8));
      awaitEnd(read);
      pipe.endInput();
      assertThat(pipe.exitCode()).as(pipe::err).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"'', 0", "two, 6"})
  void aFilterMayKnowItsLastByteBeforeItIsToldOfTheEnd(String more, int exitCode) throws Exception {
    Path read = folder.resolve("read");
    try (CommandProcess pipe =
        CommandProcess.start("-", "-", "--through", ends(read).substring(5))) {
      pipe.feed("one\n".getBytes(StandardCharsets.UTF_8));
      awaitEnd(read);
      pipe.feed(more.getBytes(StandardCharsets.UTF_8)).endInput();
      assertThat(pipe.exitCode()).as(pipe::err).isEqualTo(exitCode);
    }
  }

  /** A program that reads one line, says by a file who it is, and ends with status 0. */
  private static String ends(Path file) {
    return "exec:sh -c 'read x; echo $$ >" + file + ".new; mv " + file + ".new " + file + "'";
  }

  private static void awaitEnd(Path file) throws Exception {
    Waiting.until(() -> Files.exists(file));
    long pid = Long.parseLong(Files.readString(file).strip());
    Waiting.until(() -> ProcessHandle.of(pid).isEmpty());
  }

  @Test
  void countsWhatWasWrittenWhenToldTo() throws Exception {
    try (CommandProcess pipe =
        CommandProcess.start("-", "exec:sh -c 'cat >/dev/null; exit 5'", "commit=written")) {
      pipe.feed("one\n".getBytes(StandardCharsets.UTF_8)).endInput();
      assertThat(pipe.exitCode()).isEqualTo(6);
      assertThat(pipe.err()).contains("ended with status 5").contains("delivered: 0..4");
    }
  }

  @Test
  void programsInBetweenFollowOneAnother() throws Exception {
    try (CommandProcess pipe =
        CommandProcess.start("-", "--through", "sort", "-", "--through", "tr a-z A-Z", "-q")) {
      pipe.feed("b\nc\na\n".getBytes(StandardCharsets.UTF_8)).endInput();
      assertThat(pipe.exitCode()).isZero();
      assertThat(pipe.out()).asString().isEqualTo("A\nB\nC\n");
    }
  }

  @Test
  void aFilterThatExits3InTheMiddleStopsThePipeAndNothingIsAcknowledged() throws Exception {
    Path in = Files.write(folder.resolve("in"), new byte[LARGE_BYTES]);
    Path out = folder.resolve("out");
    try (CommandProcess there =
        CommandProcess.start(
            "tcp-listen://127.0.0.1:0/x",
            out.toString(),
            "--through",
            "sh -c 'head -c 20000000; exit 3'")) {
      int port = there.awaitPort();
      try (CommandProcess here =
          CommandProcess.start(in.toString(), "tcp://127.0.0.1:" + port + "/x")) {
        assertThat(here.exitCode()).isEqualTo(6);
        assertThat(here.err()).contains("delivered: 0..0, perhaps up to ");
      }
      assertThat(there.exitCode()).isEqualTo(6);
      assertThat(there.err())
          .contains("ended with status 3 before the end of its input: ")
          .contains("and 20000000 came out; none of what went in is acknowledged");
    }
  }

  @Test
  void aLargeStreamGoesOverALinkThroughAProgram() throws Exception {
    byte[] bytes = new byte[LARGE_BYTES];
    new Random(2).nextBytes(bytes);
    Path in = Files.write(folder.resolve("in"), bytes);
    Path out = folder.resolve("out");
    try (CommandProcess there =
        CommandProcess.start("tcp-listen://127.0.0.1:0/x", out.toString(), "--through", "cat")) {
      int port = there.awaitPort();
      try (CommandProcess here =
          CommandProcess.start(in.toString(), "tcp://127.0.0.1:" + port + "/x")) {
        assertThat(here.exitCode()).isZero();
      }
      assertThat(there.exitCode()).isZero();
    }
    assertThat(Arrays.equals(bytes, Files.readAllBytes(out))).isTrue();
  }

  @Test
  void aFailureInFrontOfAFilterIsToldAndTheFilterSeesNoEnd() throws Exception {
    Path end = folder.resolve("end");
    String filter = "sh -c 'cat; touch \"" + end + "\"'";
    try (CommandProcess pipe =
        CommandProcess.start("exec:sh -c 'echo one; exit 7'", "-", "--through", filter)) {
      assertThat(pipe.exitCode()).isEqualTo(6);
      assertThat(pipe.err()).contains("ended with status 7");
    }
    assertThat(end).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "exec:no-such-program x|2|there is no program 'no-such-program' in the folders of PATH",
        "exec:./no-such-program|2|there is no program ./no-such-program; look at the path",
        "exec:/etc/passwd|4|/etc/passwd may not be run by this user",
        "exec:/etc|4|/etc is a folder and cannot be run",
        "exec:cat 'x|2|a ' is not closed in the command",
        "exec:|2|nothing stands behind 'exec:'",
      })
  void aProgramThatCannotRunIsSaidBeforeTheFirstByte(String address, int exitCode, String why)
      throws Exception {
    Path out = folder.resolve("out");
    try (CommandProcess pipe = CommandProcess.start(address, out.toString())) {
      assertThat(pipe.exitCode()).isEqualTo(exitCode);
      assertThat(pipe.err()).contains(why);
    }
    assertThat(out).doesNotExist();
  }

  @Test
  void anInterruptEndsTheProgramsAndWhatTheyStarted() throws Exception {
    Path pids = folder.resolve("pids");
    String stubborn = "sh -c 'trap \"\" TERM; echo $$ >>" + pids + "; sleep 1000 & cat'";
    try (CommandProcess pipe =
        CommandProcess.start("-", "exec:cat", "--through", stubborn, "--through", "cat")) {
      pipe.feed("one\n".getBytes(StandardCharsets.UTF_8));
      Waiting.until(() -> Files.exists(pids) && pipe.process().descendants().count() == 5);
      List<ProcessHandle> children = pipe.process().descendants().toList();
      pipe.signal("TERM");
      assertThat(pipe.exitCode()).isEqualTo(130);
      Waiting.until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
    }
  }

  @Test
  void programsEndWithAKilledHostpipe() throws IOException, InterruptedException {
    try (CommandProcess pipe =
        CommandProcess.start("exec:cat /dev/zero", "exec:sh -c 'cat >/dev/null'")) {
      Waiting.until(() -> pipe.process().descendants().count() == 3);
      List<ProcessHandle> children = pipe.process().descendants().toList();
      pipe.signal("KILL");
      Waiting.until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
    }
  }
}
