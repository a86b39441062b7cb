package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A listening end that takes pipes one after another. */
final class KeepTest {
  @TempDir private Path folder;

  @Test
  void takesOnePipeAfterAnotherIntoOneFileUntilItIsToldToEnd()
      throws IOException, InterruptedException {
    Path log = Files.writeString(folder.resolve("log"), "old ");
    try (CommandProcess listener =
        CommandProcess.start("tcp-listen://127.0.0.1:0/x", "keep", log.toString(), "append")) {
      int port = listener.awaitPort();
      for (String text : List.of("first ", "second ", "the third ")) {
        assertThat(send(port, text)).isZero();
      }
      listener.awaitSaid(": arrived, 10 bytes").signal("TERM");
      assertThat(listener.exitCode()).as(listener::err).isZero();
      assertThat(listener.err())
          .contains("hostpipe: interrupted; no pipe was under way\n")
          .contains("  pipes               3 arrived, 0 did not\n")
          .contains("  bytes               23 (23 B)\n");
    }
    assertThat(log).hasContent("old first second the third ");
  }

  @Test
  void aPipeThatFailsIsToldOfAndTheNextOneIsTaken() throws IOException, InterruptedException {
    Path folderOfStreams = Files.createDirectory(folder.resolve("incoming"));
    try (CommandProcess listener =
        CommandProcess.start(
            "tcp-listen://127.0.0.1:0/x", "keep", folderOfStreams + "/", "--summary", "json")) {
      int port = listener.awaitPort();
      try (CommandProcess sender = CommandProcess.start("-", "tcp://127.0.0.1:" + port + "/x")) {
        sender.feed("never whole".getBytes(StandardCharsets.UTF_8));
        awaitPart(folderOfStreams, 11);
        sender.signal("INT");
        assertThat(sender.exitCode()).isEqualTo(130);
      }
      listener.awaitSaid("; delivered: 0..11");
      assertThat(send(port, "whole")).isZero();
      listener.awaitSaid("{\"exit\":0,").signal("INT");
      assertThat(listener.exitCode()).as(listener::err).isEqualTo(6);
      assertThat(listener.err())
          .contains("{\"exit\":6,\"error\":\"", "\"pipes\":2,\"pipes_failed\":1,\"bytes\":16,");
    }
    try (Stream<Path> files = Files.list(folderOfStreams)) {
      assertThat(files)
          .satisfiesExactlyInAnyOrder(
              whole -> assertThat(whole).hasContent("whole").hasNoExtension(),
              part -> assertThat(part).hasContent("never whole").hasExtension("part"));
    }
  }

  @Test
  void aPipeUnderWayIsAbortedAndSaysWhereItWas() throws IOException, InterruptedException {
    try (CommandProcess listener = CommandProcess.start("tcp-listen://127.0.0.1:0/x", "keep", "-");
        CommandProcess sender =
            CommandProcess.start("-", "tcp://127.0.0.1:" + listener.awaitPort() + "/x")) {
      sender.feed("some".getBytes(StandardCharsets.UTF_8));
      listener.awaitOutput(4).signal("USR1").awaitSaid("0 arrived, 0 did not, 1 under way");
      listener.signal("INT");
      assertThat(listener.exitCode()).isEqualTo(130);
      assertThat(listener.err()).contains(": interrupted; delivered: 0..4\n");
      assertThat(sender.exitCode()).isEqualTo(6);
    }
  }

  @Test
  void bothSidesSayWhoIsWaitedForWhenASenderIsKilled() throws IOException, InterruptedException {
    try (CommandProcess listener = CommandProcess.start("tcp-listen://127.0.0.1:0/x", "keep", "-");
        CommandProcess killed =
            CommandProcess.start("-", "tcp://127.0.0.1:" + listener.awaitPort() + "/x")) {
      killed.feed("some".getBytes(StandardCharsets.UTF_8));
      listener.awaitOutput(4);
      killed.signal("KILL");
      listener.awaitSaid(
          "waiting for it to come back, for 5 min in all (--give-up); the next pipe");
      try (CommandProcess next =
          CommandProcess.start("-", "tcp://127.0.0.1:" + listener.awaitPort() + "/x")) {
        next.feed("more".getBytes(StandardCharsets.UTF_8));
        next.awaitSaid("acknowledged nothing yet: it may be serving another pipe first (keep)");
      }
    }
  }

  @Test
  void aListeningDestinationServesAFileToOnePeerAfterAnother()
      throws IOException, InterruptedException {
    Path file = Files.writeString(folder.resolve("file"), "served");
    try (CommandProcess server =
        CommandProcess.start(file.toString(), "tcp-listen://127.0.0.1:0/x", "keep")) {
      int port = server.awaitPort();
      for (int count = 0; count < 2; count++) {
        try (CommandProcess peer =
            CommandProcess.start("tcp://127.0.0.1:" + port + "/x", "-", "-q")) {
          assertThat(peer.exitCode()).as(peer::err).isZero();
          assertThat(peer.out()).asString().isEqualTo("served");
        }
      }
      server.signal("TERM");
      assertThat(server.exitCode()).as(server::err).isZero();
    }
  }

  @Test
  void whenTheProgramBehindStdoutEndsNoMoreAreTaken() throws IOException, InterruptedException {
    try (CommandProcess listener =
            CommandProcess.startInto(
                List.of("head", "-c", "5"), "tcp-listen://127.0.0.1:0/x", "keep", "-");
        CommandProcess sender =
            CommandProcess.start("-", "tcp://127.0.0.1:" + listener.awaitPort() + "/x")) {
      sender.feed("12345".getBytes(StandardCharsets.UTF_8));
      listener.awaitOutputEnd();
      sender.feed("67890".getBytes(StandardCharsets.UTF_8));
      assertThat(listener.exitCode()).as(listener::err).isEqualTo(6);
      assertThat(listener.err()).contains("the program behind standard output ended");
      // 4 where it was quick enough to come again, and met a listener that knows nothing of it.
      assertThat(sender.exitCode()).as(sender::err).isIn(4, 6);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "tcp-listen://127.0.0.1:0/x keep fan-in ./x|'keep' takes pipes one after another and",
        "tcp-listen://127.0.0.1:0/x max=3 ./x|'max' limits the pipes of 'fan-in'",
        "tcp-listen://127.0.0.1:0/x fan-in max=0 ./x|max is a number from 1 to 1000000",
        "./x tcp-listen://127.0.0.1:0/x fan-in|'keep' serves peers one after another",
        "- tcp-listen://127.0.0.1:0/x keep|standard input can be read once",
        "--duplex tcp-listen://127.0.0.1:0/x keep -|standard input can be read once",
        "tcp-listen://127.0.0.1:0/x keep tcp-listen://127.0.0.1:0/y keep|one end decides",
        "tcp://127.0.0.1:1/x keep ./x|'keep' is neither an address nor an option of tcp",
        "tcp-listen://127.0.0.1:0/x fan-in -|would mix the bytes of many streams",
      })
  void refusesWhatCannotBe(String line, String message) {
    Captured captured = new Captured();
    assertThat(captured.run(line.split(" "))).isEqualTo(ExitCode.USAGE);
    assertThat(captured.err()).contains(message);
  }

  private static int send(int port, String text) throws IOException, InterruptedException {
    try (CommandProcess sender =
        CommandProcess.start("-", "tcp://127.0.0.1:" + port + "/x", "-q")) {
      sender.feed(text.getBytes(StandardCharsets.UTF_8)).endInput();
      return sender.exitCode();
    }
  }

  /** Blocks until a file that is not whole has so many bytes. */
  private static void awaitPart(Path folder, int lengthBytes) {
    Waiting.until(() -> {
      try (Stream<Path> files = Files.list(folder)) {
        List<Path> parts = files.filter(each -> each.toString().endsWith(".part")).toList();
        return !parts.isEmpty() && Files.size(parts.getFirst()) == lengthBytes;
      }
    });
  }
}
