package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many senders into one file whose process is killed: each line is there once, in its order. */
final class FanInResumeTest {
  private static final int KILLS = 3;
  private static final int LINE_COUNT = 30_000;
  private static final List<String> NAMES = List.of("a", "b", "c");

  @TempDir private Path folder;

  @Test
  void everyLineOfEverySenderIsThereOnceWhenTheReceiverIsKilled() throws Exception {
    Path out = folder.resolve("out");
    int port = freePort();
    List<CommandProcess> senders = new ArrayList<>();
    CommandProcess receiver = receiver(port, out);
    try {
      for (String name : NAMES) {
        Path in = Files.write(folder.resolve(name), lines(name));
        senders.add(
            CommandProcess.start(
                Map.of("XDG_STATE_HOME", folder.toString()),
                in.toString(),
                "tcp://127.0.0.1:" + port + "/x",
                "--frame",
                "lines",
                "--session",
                name,
                "--rate",
                "100KB/s"));
      }
      for (int kill = 1; kill <= KILLS; kill++) {
        awaitGrowth(out, 100_000);
        receiver.signal("KILL");
        receiver.exitCode();
        receiver.close();
        receiver = receiver(port, out);
      }
      for (CommandProcess sender : senders) {
        assertThat(sender.exitCode()).as(sender::err).isZero();
      }
      receiver.signal("TERM");
      receiver.exitCode();
    } finally {
      receiver.close();
      senders.forEach(CommandProcess::close);
    }
    List<String> got = Files.readAllLines(out);
    for (String name : NAMES) {
      assertThat(got.stream().filter(line -> line.startsWith(name + " ")).toList())
          .isEqualTo(lines(name));
    }
    assertThat(got).hasSize(NAMES.size() * LINE_COUNT);
  }

  private static CommandProcess receiver(int port, Path out)
      throws IOException, InterruptedException {
    return CommandProcess.start(
            "tcp-listen://127.0.0.1:" + port + "/x",
            "fan-in",
            "--frame",
            "lines",
            out.toString(),
            "resume")
        .awaitSaid("listening on");
  }

  private static void awaitGrowth(Path file, long bytes) throws IOException {
    long before = Files.exists(file) ? Files.size(file) : 0;
    Waiting.until(() -> Files.exists(file) && Files.size(file) >= before + bytes);
  }

  private static List<String> lines(String name) {
    return IntStream.range(0, LINE_COUNT).mapToObj(number -> name + " line " + number).toList();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
