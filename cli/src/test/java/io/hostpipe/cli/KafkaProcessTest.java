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
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The command before and behind a broker of Kafka, each process and the broker killed on the way;
 * what is in the broker kcat says, which knows nothing of Hostpipe.
 */
final class KafkaProcessTest {
  private static final int COUNT = 100_000;
  private static final int KILLS = 10;

  @TempDir private Path folder;

  private KafkaServer server;

  @BeforeEach
  void start() throws Exception {
    server = KafkaServer.start(Files.createDirectories(folder.resolve("server")));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aSenderThatIsKilledTenTimesWritesEachLineOnce() throws Exception {
    byte[] lines = lines();
    for (int kill = 1; kill <= KILLS; kill++) {
      long wanted = (long) kill * COUNT / (KILLS + 2);
      try (CommandProcess sender = sender()) {
        InParallel<Boolean> feeding = InParallel.run(() -> feed(sender, lines, wanted));
        Waiting.until(() -> endOffset() >= wanted || !sender.isAlive());
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
      InParallel<Boolean> feeding = InParallel.run(() -> feed(last, lines, COUNT));
      assertThat(feeding.join()).isTrue();
      assertThat(last.exitCode()).as(last::err).isZero();
      assertThat(last.err()).contains("numbers: once\n");
    }
    assertThat(kcat("-C", "-t", "numbers", "-e", "-q").lines().toList())
        .isEqualTo(IntStream.rangeClosed(1, COUNT).mapToObj("%d"::formatted).toList());
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
    try (CommandProcess reader = reader(out)) {
      assertThat(reader.exitCode()).as(reader::err).isZero();
      assertThat(reader.err()).doesNotContain("SLF4J", "WARN", "kafka.clients");
    }
    assertThat(out).hasBinaryContent(lines);
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
        address("numbers"));
  }

  private CommandProcess reader(Path out) throws IOException {
    return CommandProcess.start(
        Map.of("XDG_STATE_HOME", folder.resolve("reader").toString()),
        "--frame",
        "lines",
        "--session",
        "reader",
        address("numbers"),
        "until=last",
        out.toString());
  }

  private String address(String topic) {
    return "kafka://127.0.0.1:" + server.port() + "/" + topic;
  }

  /**
   * Feeds so many lines; the last time, all of them and the end.
   *
   * @return whether all of it was taken: who is killed takes no more
   */
  private static boolean feed(CommandProcess process, byte[] lines, long count) {
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
  private static int lengthOf(byte[] lines, long count) {
    int index = 0;
    for (long rest = count + 2_000; rest > 0 && index < lines.length; index++) {
      rest -= lines[index] == '\n' ? 1 : 0;
    }
    return index;
  }

  private static byte[] lines() {
    StringBuilder lines = new StringBuilder();
    for (int each = 1; each <= COUNT; each++) {
      lines.append(each).append('\n');
    }
    return lines.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static long lengthBytes(Path file) throws IOException {
    return Files.exists(file) ? Files.size(file) : 0;
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
