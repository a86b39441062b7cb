package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A listening end that takes all pipes at once. */
final class FanInTest {
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
  void aBridgeForManyPeersGivesEachAPipeOfItsOwnBothWays()
      throws IOException, InterruptedException {
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

  private static void awaitFiles(Path folder, int count) throws IOException {
    long deadlineNanos = System.nanoTime() + 60_000_000_000L;
    long found = 0;
    while (found < count && System.nanoTime() < deadlineNanos) {
      try (Stream<Path> files = Files.list(folder)) {
        found = files.count();
      }
      Thread.onSpinWait();
    }
    assertThat(found).isEqualTo(count);
  }
}
