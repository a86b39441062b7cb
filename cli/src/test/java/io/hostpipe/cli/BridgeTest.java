package io.hostpipe.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.testkit.servers.KafkaServer;
import io.hostpipe.testkit.servers.NatsServer;
import io.hostpipe.testkit.servers.RabbitServer;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * From NATS to RabbitMQ, from there to Kafka, and into a file: a foreign client writes, and kcat,
 * which knows nothing of Hostpipe either, says what became of headers and keys.
 */
final class BridgeTest {
  private static final int COUNT = 1_000;

  @TempDir private Path folder;

  @Test
  void headersAndKeysPassThreeBrokersAndEachMessageArrivesOnceInItsOrder() throws Exception {
    try (NatsServer nats = NatsServer.start(Files.createDirectories(folder.resolve("nats")));
        RabbitServer rabbit =
            RabbitServer.start(Files.createDirectories(folder.resolve("rabbit")));
        KafkaServer kafka = KafkaServer.start(Files.createDirectories(folder.resolve("kafka")))) {
      String subject = "nats://127.0.0.1:" + nats.port() + "/events";
      String queue = "amqp://127.0.0.1:" + rabbit.port() + "/bridge";
      String topic = "kafka://127.0.0.1:" + kafka.port() + "/events";
      try (CommandProcess first =
          CommandProcess.start("--frame", "lines", "-", subject, "jetstream")) {
        first.feed("0\n".getBytes(UTF_8)).endInput();
        assertThat(first.exitCode()).as(first::err).isZero();
      }
      publish("nats://127.0.0.1:" + nats.port());
      bridge("one", subject, "jetstream", "until=last", queue, "single");
      bridge("two", queue, "once", "until=empty", topic);
      Path file = folder.resolve("file");
      bridge("three", topic, "until=last", file.toString());
      assertThat(Files.readAllLines(file))
          .isEqualTo(IntStream.rangeClosed(0, COUNT).mapToObj(String::valueOf).toList());
      List<String> found =
          List.of(kcat(kafka, "%k|%T|%h|%s\\n").split("\n", -1)).subList(1, COUNT + 1);
      for (int number = 1; number <= COUNT; number++) {
        String message = found.get(number - 1);
        assertThat(message).startsWith("key-" + number % 7 + "|1767225600000|");
        assertThat(message)
            .contains(
                "hostpipe-id=id-" + number,
                "content-type=text/plain",
                "correlation-id=c-" + number,
                "traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "kind=letter")
            .endsWith("|" + number);
      }
    }
  }

  private static void publish(String server) throws Exception {
    Connection client = Nats.connect(server);
    try {
      for (int number = 1; number <= COUNT; number++) {
        Headers headers =
            new Headers()
                .add("Hostpipe-Key", "key-" + number % 7)
                .add("Nats-Msg-Id", "id-" + number)
                .add("Hostpipe-Time", "2026-01-01T00:00:00Z")
                .add("Content-Type", "text/plain")
                .add("Correlation-Id", "c-" + number)
                .add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
                .add("kind", "letter");
        client.jetStream().publish("events", headers, ("" + number).getBytes(UTF_8));
      }
    } finally {
      client.close();
    }
  }

  private void bridge(String session, String... words) throws Exception {
    String[] all = new String[words.length + 4];
    System.arraycopy(words, 0, all, 4, words.length);
    all[0] = "--frame";
    all[1] = "lines";
    all[2] = "--session";
    all[3] = session;
    try (CommandProcess command =
        CommandProcess.start(Map.of("XDG_STATE_HOME", folder.toString()), all)) {
      assertThat(command.exitCode()).as(command::err).isZero();
    }
  }

  private static String kcat(KafkaServer server, String form)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                "kcat",
                "-b",
                "127.0.0.1:" + server.port(),
                "-X",
                "isolation.level=read_committed",
                "-C",
                "-t",
                "events",
                "-e",
                "-q",
                "-f",
                form)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    process.waitFor();
    return out;
  }
}
