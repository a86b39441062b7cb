package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command before and behind RabbitMQ, each process and the server killed on the way. */
final class RabbitProcessTest {
  private static final int COUNT = 20_000;
  private static final int KILLS = 10;

  @TempDir private static Path folder;

  private static RabbitServer server;

  @TempDir private Path state;

  @BeforeAll
  static void start() throws Exception {
    server = RabbitServer.start(Files.createDirectories(folder.resolve("server")));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void empty() throws Exception {
    try (Connection client = connect()) {
      client.createChannel().queueDelete("pipe");
    }
  }

  @Test
  void aSenderThatIsKilledTenTimesLeavesEachLineInTheQueue() throws Exception {
    sendThroughKills(KILLS);
    try (Connection client = connect()) {
      Channel channel = client.createChannel();
      Set<String> found = new HashSet<>();
      int messages = 0;
      for (GetResponse next = channel.basicGet("pipe", true);
          next != null;
          next = channel.basicGet("pipe", true)) {
        found.add(new String(next.getBody(), StandardCharsets.UTF_8));
        messages++;
      }
      assertThat(found)
          .isEqualTo(
              IntStream.rangeClosed(1, COUNT)
                  .mapToObj("%d"::formatted)
                  .collect(Collectors.toSet()));
      assertThat(messages).as("copies are in the queue").isGreaterThan(COUNT);
    }
  }

  @Test
  void oneReaderTakesEachLineOnceThoughItAndTheSenderAreKilled() throws Exception {
    sendThroughKills(2);
    Path out = state.resolve("out.txt");
    for (int kill = 1; kill <= 3; kill++) {
      long wanted = (long) kill * lines().length / 8;
      try (CommandProcess reader = reader(out)) {
        Waiting.until(() -> lengthBytes(out) >= wanted || !reader.isAlive());
        reader.signal("KILL");
        reader.exitCode();
      }
    }
    server.kill();
    server.restart();
    try (CommandProcess reader = reader(out)) {
      assertThat(reader.exitCode()).as(reader::err).isZero();
      assertThat(reader.err()).contains("once\n");
    }
    assertThat(out).hasBinaryContent(lines());
  }

  @Test
  void aPairSaysWhatAQueueGives() throws Exception {
    try (CommandProcess sender =
        CommandProcess.start("--frame", "lines", "-", address(), "--require", "once")) {
      assertThat(sender.exitCode()).isEqualTo(4);
      assertThat(sender.err()).contains("at-least-once", "cannot tell how far it got");
    }
    try (CommandProcess sender =
        CommandProcess.start("-", address(), "durable=false", "--require", "at-least-once")) {
      assertThat(sender.exitCode()).isEqualTo(4);
      assertThat(sender.err()).contains("at-most-once", "gone with its server");
    }
  }

  @Test
  void aRightThatWasTakenAwayEndsThePipe() throws Exception {
    server.administer("add_user", "writer", "secret");
    server.administer("set_permissions", "writer", ".*", ".*", ".*");
    String address = "amqp://writer:secret@127.0.0.1:" + server.port() + "/pipe";
    try (CommandProcess sender =
        CommandProcess.start("--frame", "lines", "--linger", "0s", "-", address)) {
      sender.feed("1\n".getBytes(StandardCharsets.UTF_8));
      Waiting.until(() -> waiting() == 1 || !sender.isAlive());
      server.administer("clear_permissions", "writer");
      server.administer("close_all_connections", "rights were taken away");
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(4);
      assertThat(sender.err())
          .contains("access to vhost '/' refused", "rabbitmqctl set_permissions")
          .doesNotContain("secret");
    }
  }

  /** A sender that is killed so often, and its server now and then, and that comes to its end. */
  private void sendThroughKills(int kills) throws Exception {
    byte[] lines = lines();
    for (int kill = 1; kill <= kills; kill++) {
      long before = waiting();
      try (CommandProcess sender = sender()) {
        InParallel<Boolean> feeding = InParallel.run(() -> feed(sender, lines));
        Waiting.until(() -> waiting() > before + COUNT / 10 || !sender.isAlive());
        sender.signal("KILL");
        sender.exitCode();
        feeding.join();
      }
      if (kill % 4 == 0) {
        server.kill();
        server.restart();
      }
    }
    try (CommandProcess last = sender()) {
      InParallel<Boolean> feeding = InParallel.run(() -> feed(last, lines));
      assertThat(feeding.join()).isTrue();
      assertThat(last.exitCode()).as(last::err).isZero();
      assertThat(last.err()).contains("at-least-once");
    }
  }

  private CommandProcess sender() throws IOException {
    return CommandProcess.start(
        Map.of("XDG_STATE_HOME", state.resolve("sender").toString()),
        "--frame",
        "lines",
        "--session",
        "numbers",
        "--restarted",
        "replay",
        "-",
        address(),
        "single");
  }

  private CommandProcess reader(Path out) throws IOException {
    return CommandProcess.start(
        Map.of("XDG_STATE_HOME", state.resolve("reader").toString()),
        "--frame",
        "lines",
        "--session",
        "reader",
        address(),
        "once",
        "until=empty",
        out.toString());
  }

  private static String address() {
    return "amqp://127.0.0.1:" + server.port() + "/pipe";
  }

  private static Connection connect() throws IOException, TimeoutException {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(server.port());
    return factory.newConnection();
  }

  /** How many messages wait; 0 where there is no queue yet, or nobody answers. */
  private static long waiting() {
    try (Connection client = connect()) {
      return client.createChannel().messageCount("pipe");
    } catch (IOException | TimeoutException | RuntimeException e) {
      return 0;
    }
  }

  /** Whether all of it was taken: who is killed takes no more. */
  private static boolean feed(CommandProcess process, byte[] bytes) {
    try {
      process.feed(bytes).endInput();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static byte[] lines() {
    return IntStream.rangeClosed(1, COUNT)
        .mapToObj(each -> each + "\n")
        .collect(Collectors.joining())
        .getBytes(StandardCharsets.UTF_8);
  }

  private static long lengthBytes(Path file) throws IOException {
    return Files.exists(file) ? Files.size(file) : 0;
  }
}
