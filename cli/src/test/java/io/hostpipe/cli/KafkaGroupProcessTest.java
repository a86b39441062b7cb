package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import io.hostpipe.testkit.servers.KafkaServer;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A consumer group of commands: each partition is a stream of its own, and goes on in the place
 * that keeps it, whoever reads it.
 */
final class KafkaGroupProcessTest {
  private static final int PARTITIONS = 4;
  private static final int COUNT = 6_000;

  @TempDir private Path folder;

  private KafkaServer server;
  private Path settings;

  @BeforeEach
  void start() throws Exception {
    server = KafkaServer.start(Files.createDirectories(folder.resolve("server")));
    // As soon as a broker allows, somebody who was killed is missed.
    settings = folder.resolve("member.properties");
    Files.writeString(settings, "session.timeout.ms=6000\nheartbeat.interval.ms=500\n");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void eachMessageIsThereOnceInItsOrderWhoeverIsKilledOrJoins() throws Exception {
    write(1, COUNT / 2);
    Path out = Files.createDirectories(folder.resolve("out"));
    try (CommandProcess killed = member(out + "/");
        CommandProcess second = member(out + "/")) {
      awaitLines(out, COUNT / 4);
      killed.signal("KILL");
      killed.exitCode();
      awaitLines(out, (long) PARTITIONS * COUNT / 2);
      write(COUNT / 2 + 1, 3 * COUNT / 4);
      try (CommandProcess third = member(out + "/")) {
        second.awaitSaid("belongs to another member of the group now, which goes on with it");
        write(3 * COUNT / 4 + 1, COUNT);
        awaitLines(out, (long) PARTITIONS * COUNT);
        for (CommandProcess each : List.of(second, third)) {
          each.signal("TERM");
          each.exitCode();
          assertThat(each.err()).contains("/: once\n").doesNotContain("failed");
        }
      }
    }
    for (int index = 0; index < PARTITIONS; index++) {
      assertThat(Files.readAllLines(fileOf(out, index))).isEqualTo(lines(index, 1, COUNT));
    }
  }

  @Test
  void aMemberThatIsStartedAgainGoesOnInItsOneFile() throws Exception {
    write(1, COUNT / 2);
    Path out = folder.resolve("all");
    try (CommandProcess killed = member(out.toString())) {
      Waiting.until(() -> countIn(out) > COUNT / 4);
      killed.signal("KILL");
      killed.exitCode();
    }
    write(COUNT / 2 + 1, COUNT);
    try (CommandProcess again = member(out.toString())) {
      Waiting.until(() -> countIn(out) >= (long) PARTITIONS * COUNT || !again.isAlive());
      again.signal("TERM");
      again.exitCode();
    }
    List<String> all = Files.readAllLines(out);
    for (int index = 0; index < PARTITIONS; index++) {
      String prefix = index + ":";
      assertThat(all.stream().filter(line -> line.startsWith(prefix)).toList())
          .isEqualTo(lines(index, 1, COUNT));
    }
    assertThat(all).hasSize(PARTITIONS * COUNT);
  }

  /** Its second run begins at position 0 of streams that have the first one's messages there. */
  @Test
  void aQueueTakesWhatEachRunOfAMemberReadsForNews() throws Exception {
    try (RabbitServer rabbit =
        RabbitServer.start(Files.createDirectories(folder.resolve("rabbit")))) {
      String queue = "amqp://127.0.0.1:" + rabbit.port() + "/queue";
      int count = 200;
      for (int run = 1; run <= 2; run++) {
        write((run - 1) * count + 1, run * count);
        int wanted = PARTITIONS * run * count;
        try (CommandProcess member = member(queue + "?single")) {
          Waiting.until(() -> waitingIn(rabbit) >= wanted || !member.isAlive());
          member.signal("TERM");
          member.exitCode();
          assertThat(waitingIn(rabbit)).as(member::err).isGreaterThanOrEqualTo(wanted);
        }
      }
      try (CommandProcess reader =
          CommandProcess.start("--frame", "lines", queue, "once", "until=empty", "-")) {
        assertThat(reader.exitCode()).as(reader::err).isZero();
        List<String> all =
            new String(reader.out(), StandardCharsets.UTF_8).lines().distinct().toList();
        assertThat(all).hasSize(PARTITIONS * 2 * count);
      }
    }
  }

  private static long waitingIn(RabbitServer rabbit) {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(rabbit.port());
    try (Connection client = factory.newConnection()) {
      return client.createChannel().messageCount("queue");
    } catch (IOException | TimeoutException | RuntimeException e) {
      return 0; // not there yet, or too busy
    }
  }

  @Test
  void whatBytesWouldBeMixedIsRefusedAndBothWaysToo() throws Exception {
    try (CommandProcess mixed = CommandProcess.start(address("in"), "group=g", "./all")) {
      assertThat(mixed.exitCode()).isEqualTo(2);
      assertThat(mixed.err()).contains("would mix the bytes of many streams");
    }
    try (CommandProcess both =
        CommandProcess.start("--duplex", "--frame", "lines", address("in"), "group=g", "-")) {
      assertThat(both.exitCode()).isEqualTo(2);
    }
  }

  private CommandProcess member(String out) throws IOException {
    return CommandProcess.start(
        Map.of("XDG_STATE_HOME", folder.toString()),
        "--frame",
        "lines",
        address("in"),
        "group=g",
        "config=" + settings,
        out,
        "--rate",
        "2000msg/s",
        "-v");
  }

  /** Into each partition those numbers, each behind the number of its partition. */
  private void write(int from, int to) throws Exception {
    for (int index = 0; index < PARTITIONS; index++) {
      List<String> words =
          new ArrayList<>(List.of("--frame", "lines", "-", address("in"), "partition=" + index));
      if (from == 1 && index == 0) {
        words.add("partitions=" + PARTITIONS);
      }
      try (CommandProcess writer = CommandProcess.start(words.toArray(String[]::new))) {
        String text = String.join("\n", lines(index, from, to)) + "\n";
        writer.feed(text.getBytes(StandardCharsets.UTF_8)).endInput();
        assertThat(writer.exitCode()).as(writer::err).isZero();
      }
    }
  }

  private void awaitLines(Path out, long count) throws Exception {
    Waiting.until(() -> lineCount(out) >= count);
  }

  private static long lineCount(Path out) throws IOException {
    long count = 0;
    for (int index = 0; index < PARTITIONS; index++) {
      count += countIn(fileOf(out, index));
    }
    return count;
  }

  private static Path fileOf(Path out, int index) {
    return out.resolve("kafka%3Ain%3A" + index + ".part");
  }

  private static long countIn(Path file) throws IOException {
    if (!Files.exists(file)) {
      return 0;
    }
    byte[] bytes = Files.readAllBytes(file);
    long count = 0;
    for (byte each : bytes) {
      count += each == '\n' ? 1 : 0;
    }
    return count;
  }

  private static List<String> lines(int index, int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(number -> index + ":" + number).toList();
  }

  private String address(String topic) {
    return "kafka://127.0.0.1:" + server.port() + "/" + topic;
  }
}
