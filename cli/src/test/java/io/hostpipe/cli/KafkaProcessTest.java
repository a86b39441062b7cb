package io.hostpipe.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.KafkaServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The command before and behind a broker of Kafka, each process and the broker killed on the way;
 * what is in the broker kcat says, which knows nothing of Hostpipe.
 */
final class KafkaProcessTest {
  private static final int COUNT = Integer.getInteger("hostpipe.broker.lines", 100_000);

  @TempDir private Path folder;

  private KafkaServer server;
  private KilledOnTheWay lines;

  @BeforeEach
  void start() throws Exception {
    server = KafkaServer.start(Files.createDirectories(folder.resolve("server")));
    lines = new KilledOnTheWay(folder, COUNT);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aSenderThatIsKilledTenTimesWritesEachLineOnce() throws Exception {
    String said = lines.send(this::endOffset, this::restart, address("numbers"));
    assertThat(said).contains("numbers: once\n");
    assertThat(kcat("-C", "-t", "numbers", "-e", "-q").lines().toList()).isEqualTo(lines.numbers());
  }

  /** Both send the same under one name, and the first one has more to send. */
  @Test
  void aSenderThatAnotherOneReplacesEndsWith4AndEachLineIsThereOnce() throws Exception {
    byte[] bytes = lines.bytes();
    int half = bytes.length / 2;
    try (CommandProcess first = lines.sender(address("numbers"))) {
      first.feed(Arrays.copyOf(bytes, half));
      Waiting.until(() -> endOffset() > 0 || !first.isAlive());
      var _ = new KilledOnTheWay(folder.resolve("other"), COUNT).sendAll(address("numbers"));
      InParallel<Object> feeding =
          InParallel.run(() -> first.feed(Arrays.copyOfRange(bytes, half, bytes.length)));
      assertThat(first.exitCode()).as(first::err).isEqualTo(4);
      assertThat(first.err()).contains("another process writes the stream numbers as well");
      InParallel.await(feeding::ended);
    }
    assertThat(kcat("-C", "-t", "numbers", "-e", "-q").lines().toList()).isEqualTo(lines.numbers());
  }

  @Test
  void aReaderThatIsKilledGoesOnInItsFile() throws Exception {
    var _ = lines.sendAll(address("numbers"));
    Path out = folder.resolve("out.txt");
    assertThat(lines.read(out, () -> {}, address("numbers"), "until=last"))
        .doesNotContain("SLF4J", "WARN", "kafka.clients");
  }

  @Test
  void aMessageThatIsTooLongEndsAPipeBeforeItHoweverOftenItIsStarted() throws Exception {
    server.close();
    server =
        KafkaServer.start(
            Files.createDirectories(folder.resolve("strict")), "message.max.bytes=5000");
    Path in = TooLong.lines(folder, 4_000);
    TooLong.endsThere(in, "(max.message.bytes)", address("numbers"));
    TooLong.endsThereAgain(in, "(max.message.bytes)", address("numbers"));
    assertThat(kcat("-C", "-t", "numbers", "-e", "-q")).isEqualTo("one\n");
  }

  @Test
  void messagesOfKcatAreReadAndOursByKcat() throws Exception {
    Path file = Files.writeString(folder.resolve("in.txt"), "from kcat");
    kcat("-P", "-t", "mail", "-k", "a key", "-H", "kind=letter", file.toString());
    try (CommandProcess bridge =
        CommandProcess.start(
            "--frame", "lines", address("mail"), "until=last", address("copies"))) {
      assertThat(bridge.exitCode()).as(bridge::err).isZero();
    }
    assertThat(kcat("-C", "-t", "copies", "-e", "-q", "-f", "%k|%h|%s\n"))
        .startsWith("a key|kind=letter")
        .endsWith("|from kcat\n");
  }

  @Test
  void deadLettersInATopicAreListedShownDeliveredAndDropped() throws Exception {
    Path in = folder.resolve("in.u32");
    Files.write(in, "\0\0\0\3one\0\0\0\3t\no\0\0\0\3f\nr\0\0\0\4five".getBytes(UTF_8));
    Path lines = folder.resolve("lines");
    run(
        7,
        "--frame",
        "u32",
        in.toString(),
        "--frame-out",
        "lines",
        lines.toString(),
        "--dlq",
        address("dead"));
    assertThat(lines).hasContent("one\nfive\n");
    List<String> letters = run(0, "dlq", "ls", address("dead")).lines().skip(1).toList();
    assertThat(letters).hasSize(2).allMatch(row -> row.contains("the framing lines cannot carry"));
    String first = letters.getFirst().strip().split(" ", 2)[0];
    String second = letters.getLast().strip().split(" ", 2)[0];
    assertThat(run(0, "dlq", "show", address("dead"), first))
        .contains("dead-letter-status: INVALID_ARGUMENT", "t\no");
    run(
        0,
        "dlq",
        "replay",
        address("dead"),
        first,
        "--to",
        folder.resolve("late").toString(),
        "--frame-out",
        "u32");
    assertThat(folder.resolve("late")).hasContent("\0\0\0\3t\no");
    assertThat(run(0, "dlq", "ls", address("dead")).lines()).hasSize(2);
    run(0, "dlq", "drop", address("dead"), second, "--yes");
    assertThat(run(0, "dlq", "ls", address("dead"))).isEmpty();
  }

  /** What it prints. */
  private String run(int exitCode, String... words) throws Exception {
    try (CommandProcess command =
        CommandProcess.start(Map.of("XDG_STATE_HOME", folder.toString()), words)) {
      assertThat(command.exitCode()).as(command::err).isEqualTo(exitCode);
      return new String(command.out(), UTF_8);
    }
  }

  @Test
  void aBrokerThatIsNotThereIsWaitedForAsLongAsWasSaid() throws Exception {
    server.kill();
    try (CommandProcess sender = CommandProcess.start("-", address("numbers"), "--give-up", "1s")) {
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(3);
      assertThat(sender.err()).contains("cannot be reached", "is a broker of Kafka running there");
    }
  }

  private void restart() throws Exception {
    server.kill();
    server.restart();
  }

  private String address(String topic) {
    return "kafka://127.0.0.1:" + server.port() + "/" + topic;
  }

  /** Where the topic ends; 0 where there is none yet, or nobody answers. */
  private long endOffset() {
    try {
      String said = kcat("-Q", "-t", "numbers:0:-1");
      return Long.parseLong(said.replaceAll("(?s).*offset ([0-9]+).*", "$1"));
    } catch (IOException | InterruptedException | NumberFormatException e) {
      return 0;
    }
  }

  private String kcat(String... words) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "kcat",
                "-b",
                "127.0.0.1:" + server.port(),
                "-X",
                "isolation.level=read_committed"));
    command.addAll(List.of(words));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return out;
  }
}
