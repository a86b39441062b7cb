package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The command before and behind a stream of RabbitMQ, each process and the server killed on the
 * way; what is in the stream RabbitMQ's client of queues says, which knows nothing of Hostpipe.
 */
final class RabbitStreamProcessTest {
  private static final int COUNT = 100_000;
  private static final int KILLS = 10;

  @TempDir private Path folder;

  private RabbitServer server;

  @BeforeEach
  void start() throws Exception {
    server = RabbitServer.start(Files.createDirectories(folder.resolve("server")));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aSenderThatIsKilledTenTimesWritesEachLineOnce() throws Exception {
    byte[] lines = lines();
    for (int kill = 1; kill <= KILLS; kill++) {
      int wanted = kill * COUNT / (KILLS + 2);
      try (CommandProcess sender = sender()) {
        InParallel<Boolean> feeding = InParallel.run(() -> feed(sender, lines, wanted));
        Waiting.until(() -> has(wanted) || !sender.isAlive());
        sender.signal("KILL");
        sender.exitCode();
        feeding.join();
      }
      if (kill % 4 == 0) {
        server.awaitStreamsKept();
        server.kill();
        server.restart();
      }
    }
    try (CommandProcess last = sender()) {
      InParallel<Boolean> feeding = InParallel.run(() -> feed(last, lines, COUNT));
      assertThat(feeding.join()).isTrue();
      assertThat(last.exitCode()).as(last::err).isZero();
      assertThat(last.err()).contains("numbers: once\n");
    }
    assertThat(read(COUNT)).isEqualTo(numbers());
  }

  @Test
  void aReaderThatIsKilledGoesOnInItsFile() throws Exception {
    byte[] lines = lines();
    try (CommandProcess sender = sender()) {
      InParallel<Boolean> feeding = InParallel.run(() -> feed(sender, lines, COUNT));
      assertThat(feeding.join()).isTrue();
      assertThat(sender.exitCode()).as(sender::err).isZero();
    }
    Path out = folder.resolve("out.txt");
    for (int kill = 1; kill <= 3; kill++) {
      long wanted = (long) kill * lines.length / 8;
      try (CommandProcess reader = reader(out)) {
        Waiting.until(() -> lengthBytes(out) >= wanted || !reader.isAlive());
        reader.signal("KILL");
        reader.exitCode();
      }
    }
    server.awaitStreamsKept();
    server.kill();
    server.restart();
    try (CommandProcess reader = reader(out)) {
      assertThat(reader.exitCode()).as(reader::err).isZero();
    }
    assertThat(out).hasBinaryContent(lines);
  }

  private CommandProcess sender() throws IOException {
    return CommandProcess.start(
        Map.of("XDG_STATE_HOME", folder.resolve("sender").toString()),
        "--frame",
        "lines",
        "--session",
        "numbers",
        "--restarted",
        "replay",
        "-",
        address());
  }

  private CommandProcess reader(Path out) throws IOException {
    return CommandProcess.start(
        Map.of("XDG_STATE_HOME", folder.resolve("reader").toString()),
        "--frame",
        "lines",
        "--session",
        "reader",
        address(),
        "until=last",
        out.toString());
  }

  private String address() {
    return "rabbitmq-stream://127.0.0.1:" + server.streamPort() + "/numbers";
  }

  /** Whether so many messages are in the stream. */
  private boolean has(int count) {
    try (Connection client = connect()) {
      Channel channel = client.createChannel();
      return channel.queueDeclarePassive("numbers").getMessageCount() >= count;
    } catch (Exception e) {
      // It is not made yet.
      return false;
    }
  }

  /** The first so many messages, and what comes within a moment behind them. */
  private List<String> read(int count) throws Exception {
    try (Connection client = connect()) {
      Channel channel = client.createChannel();
      channel.basicQos(2_000);
      LinkedBlockingQueue<String> texts = new LinkedBlockingQueue<>();
      channel.basicConsume(
          "numbers",
          false,
          Map.of("x-stream-offset", "first"),
          (tag, message) -> {
            texts.add(new String(message.getBody(), StandardCharsets.UTF_8));
            channel.basicAck(message.getEnvelope().getDeliveryTag(), false);
          },
          tag -> {});
      InParallel.await(() -> texts.size() >= count);
      InParallel.awaitStill(texts::size);
      return new ArrayList<>(texts);
    }
  }

  private Connection connect() throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(server.port());
    return factory.newConnection();
  }

  /**
   * Feeds so many lines; the last time, all of them and the end.
   *
   * @return whether all of it was taken: who is killed takes no more
   */
  private static boolean feed(CommandProcess process, byte[] lines, int count) {
    try {
      if (count == COUNT) {
        process.feed(lines).endInput();
      } else {
        process.feed(Arrays.copyOf(lines, lengthOf(lines, count)));
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Of so many lines and a few more, which are still on their way when the process is killed. */
  private static int lengthOf(byte[] lines, int count) {
    int index = 0;
    for (int rest = count + 2_000; rest > 0 && index < lines.length; index++) {
      rest -= lines[index] == '\n' ? 1 : 0;
    }
    return index;
  }

  private static List<String> numbers() {
    return IntStream.rangeClosed(1, COUNT).mapToObj("%d"::formatted).toList();
  }

  private static byte[] lines() {
    return (numbers().stream().collect(Collectors.joining("\n")) + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  private static long lengthBytes(Path file) {
    return file.toFile().length();
  }
}
