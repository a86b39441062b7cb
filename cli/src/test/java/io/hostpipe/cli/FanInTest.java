package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A listening end that takes all pipes at once. */
final class FanInTest {
  private static final int SENDER_COUNT = 3;
  private static final int LINE_COUNT = 2_000;

  @TempDir private Path folder;

  @Test
  void eachStreamGetsAFileOfItsOwn() throws IOException, InterruptedException {
    Path incoming = Files.createDirectory(folder.resolve("incoming"));
    List<CommandProcess> senders = new ArrayList<>();
    try (CommandProcess listener =
        CommandProcess.start("tcp-listen://127.0.0.1:0/x", "fan-in", incoming + "/", "-v")) {
      int port = listener.awaitPort();
      for (int index = 0; index < 3; index++) {
        CommandProcess sender = CommandProcess.start("-", "tcp://127.0.0.1:" + port + "/x", "-q");
        senders.add(sender);
        sender.feed(("begin " + index).getBytes(StandardCharsets.UTF_8));
      }
      // All of them are under way at the same time.
      awaitFiles(incoming, 3);
      for (CommandProcess sender : senders) {
        sender.feed(" end".getBytes(StandardCharsets.UTF_8)).endInput();
        assertThat(sender.exitCode()).as(sender::err).isZero();
      }
      listener.signal("TERM");
      assertThat(listener.exitCode()).as(listener::err).isZero();
      assertThat(listener.err()).contains("  pipes               3 arrived, 0 did not\n");
    } finally {
      senders.forEach(CommandProcess::close);
    }
    List<String> contents = new ArrayList<>();
    try (Stream<Path> files = Files.list(incoming)) {
      for (Path file : files.toList()) {
        assertThat(file).hasNoExtension();
        contents.add(Files.readString(file));
      }
    }
    assertThat(contents).containsExactlyInAnyOrder("begin 0 end", "begin 1 end", "begin 2 end");
  }

  @Test
  void aMessageThatThereIsNoMemoryForEndsItsPipeOnBothSidesAndNoOther()
      throws IOException, InterruptedException {
    Path incoming = Files.createDirectory(folder.resolve("incoming"));
    Map<String, String> small = Map.of("JAVA_TOOL_OPTIONS", "-XX:MaxDirectMemorySize=8m");
    String[] words = {
      "tcp-listen://127.0.0.1:0/x", "fan-in", incoming + "/", "--frame", "u32", "-v"
    };
    try (CommandProcess listener = CommandProcess.start(small, words)) {
      String to = "tcp://127.0.0.1:" + listener.awaitPort() + "/x";
      byte[] large = new byte[4 + (12 << 20)];
      ByteBuffer.wrap(large).putInt(12 << 20);
      Path file = Files.write(folder.resolve("large"), large);
      try (CommandProcess sender = CommandProcess.start(file.toString(), to, "--frame", "u32")) {
        assertThat(sender.exitCode()).as(sender::err).isEqualTo(6);
        assertThat(sender.err()).contains("the peer gave up at position 0", "out of memory (");
      }
      listener.awaitSaid("; take fewer pipes at a time or shorter messages");
      try (CommandProcess sender = CommandProcess.start("-", to, "--frame", "lines")) {
        sender.feed("small".getBytes(StandardCharsets.UTF_8)).endInput();
        assertThat(sender.exitCode()).as(sender::err).isZero();
      }
      listener.signal("TERM");
      assertThat(listener.exitCode()).as(listener::err).isEqualTo(6);
      assertThat(listener.err()).contains("  pipes               1 arrived, 1 did not\n");
    }
  }

  @Test
  void wholeLinesOfAllStreamsStandInOneFileAndEachStreamInItsOrder()
      throws IOException, InterruptedException {
    Path all = folder.resolve("all.log");
    List<CommandProcess> senders = new ArrayList<>();
    try (CommandProcess listener =
        CommandProcess.start(
            "tcp-listen://127.0.0.1:0/x", "fan-in", "--frame", "lines", all.toString())) {
      String to = "tcp://127.0.0.1:" + listener.awaitPort() + "/x";
      for (int index = 0; index < SENDER_COUNT; index++) {
        senders.add(CommandProcess.start("-", to, "--frame", "lines", "-q"));
      }
      for (int line = 0; line < LINE_COUNT; line += 100) {
        for (int index = 0; index < SENDER_COUNT; index++) {
          senders.get(index).feed(lines(index, line, line + 100));
        }
      }
      for (CommandProcess sender : senders) {
        sender.endInput();
        assertThat(sender.exitCode()).as(sender::err).isZero();
      }
      listener.signal("TERM");
      assertThat(listener.exitCode()).as(listener::err).isZero();
      assertThat(listener.err())
          .contains("  pipes               " + SENDER_COUNT + " arrived, 0 did not\n")
          .contains("  messages            6,000\n");
    } finally {
      senders.forEach(CommandProcess::close);
    }
    int[] next = new int[SENDER_COUNT];
    for (String line : Files.readAllLines(all)) {
      int sender = line.charAt("sender ".length()) - '0';
      assertThat(line).isEqualTo(line(sender, next[sender]));
      next[sender]++;
    }
    assertThat(next).containsOnly(LINE_COUNT);
  }

  @Test
  void aBridgeForManyPeersGivesEachAPipeOfItsOwn() throws IOException, InterruptedException {
    Path incoming = Files.createDirectory(folder.resolve("incoming"));
    try (CommandProcess listener =
            CommandProcess.start("tcp-listen://127.0.0.1:0/x", "fan-in", incoming + "/");
        CommandProcess bridge =
            CommandProcess.start(
                "tcp-listen://127.0.0.1:0/b",
                "fan-in",
                "max=2",
                "tcp://127.0.0.1:" + listener.awaitPort() + "/x")) {
      int port = bridge.awaitPort();
      List<CommandProcess> senders = new ArrayList<>();
      for (int index = 0; index < 4; index++) {
        CommandProcess sender = CommandProcess.start("-", "tcp://127.0.0.1:" + port + "/b", "-q");
        senders.add(sender);
        sender.feed(("stream " + index).getBytes(StandardCharsets.UTF_8)).endInput();
      }
      for (CommandProcess sender : senders) {
        assertThat(sender.exitCode()).as(sender::err).isZero();
        sender.close();
      }
      bridge.signal("TERM");
      assertThat(bridge.exitCode()).as(bridge::err).isZero();
      listener.signal("TERM");
      assertThat(listener.exitCode()).as(listener::err).isZero();
    }
    awaitFiles(incoming, 4);
  }

  private static byte[] lines(int sender, int from, int to) {
    StringBuilder lines = new StringBuilder();
    for (int line = from; line < to; line++) {
      lines.append(line(sender, line)).append('\n');
    }
    return lines.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Of a length that differs from line to line. */
  private static String line(int sender, int number) {
    return "sender " + sender + " line " + number + " " + "x".repeat(number * 37 % 301);
  }

  private static void awaitFiles(Path folder, int count) throws IOException {
    Waiting.until(() -> fileCount(folder) >= count);
    assertThat(fileCount(folder)).isEqualTo(count);
  }

  private static long fileCount(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }
}
