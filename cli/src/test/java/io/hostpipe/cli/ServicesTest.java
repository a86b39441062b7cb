package io.hostpipe.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.testkit.servers.NatsServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One subject, and services that know nothing of each other: each has a place of its own. */
final class ServicesTest {
  private static final int COUNT = 20_000;

  @TempDir private Path folder;

  private NatsServer server;

  @BeforeEach
  void start() throws Exception {
    server = NatsServer.start(Files.createDirectories(folder.resolve("server")));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void eachServiceGetsEverythingAlsoOneThatJoinsLaterAndOneThatIsKilled() throws Exception {
    try (CommandProcess writer =
            CommandProcess.start("--frame", "lines", "-", address(), "jetstream", "end=mark");
        CommandProcess analysis = service("analysis");
        CommandProcess storage = service("storage")) {
      feed(writer, 1, COUNT / 2);
      Waiting.until(() -> lengthBytes("analysis") > 0 && lengthBytes("storage") > 0);
      storage.signal("KILL");
      storage.exitCode();
      try (CommandProcess alert = service("alert");
          CommandProcess storageAgain = service("storage")) {
        Waiting.until(() -> lengthBytes("alert") > 0);
        feed(writer, COUNT / 2 + 1, COUNT);
        writer.endInput();
        for (CommandProcess each : List.of(writer, analysis, alert, storageAgain)) {
          assertThat(each.exitCode()).as(each::err).isZero();
        }
      }
    }
    for (String each : List.of("analysis", "storage", "alert")) {
      assertThat(Files.readAllLines(folder.resolve(each)))
          .as(each)
          .hasSize(COUNT)
          .startsWith("1", "2")
          .endsWith("" + COUNT)
          .doesNotHaveDuplicates();
    }
  }

  private static void feed(CommandProcess writer, int from, int to) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int each = from; each <= to; each++) {
      lines.append(each).append('\n');
    }
    writer.feed(lines.toString().getBytes(UTF_8));
  }

  private CommandProcess service(String name) throws IOException {
    return CommandProcess.start(
        Map.of("XDG_STATE_HOME", folder.resolve("state-" + name).toString()),
        "--frame",
        "lines",
        "--session",
        name,
        address(),
        "jetstream",
        "until=mark",
        folder.resolve(name).toString());
  }

  private String address() {
    return "nats://127.0.0.1:" + server.port() + "/events";
  }

  private long lengthBytes(String name) throws IOException {
    Path file = folder.resolve(name);
    return Files.exists(file) ? Files.size(file) : 0;
  }
}
