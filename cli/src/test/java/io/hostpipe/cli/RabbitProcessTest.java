package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import io.hostpipe.Encoding;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
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
  private static final int KILLED = 128 + 9;

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
    sendThroughKills(KILLS);
    Path out = state.resolve("out.txt");
    for (int kill = 1; kill <= 3; kill++) {
      long wanted = (long) kill * lines().length / 8;
      try (CommandProcess reader = reader(out, "--rate", COUNT / 3 + "msg/s")) {
        Waiting.until(() -> lengthBytes(out) >= wanted || !reader.isAlive());
        reader.signal("KILL");
        assertThat(reader.exitCode()).as(reader::err).isEqualTo(KILLED);
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
  void aMessageThatIsTooLongForTheServerEndsAPipeBeforeItOrIsPutAside() throws Exception {
    takesAtMost(1_000);
    try {
      String there = "amqp://127.0.0.1:" + server.port() + "/pipe";
      Path in = TooLong.lines(state, 2_000);
      TooLong.endsThere(in, "(max_message_size)", there);
      TooLong.endsThere(in, "(max_message_size)", there);
      Path letters = state.resolve("letters");
      try (CommandProcess sender =
          CommandProcess.start("--frame", "lines", "" + in, there, "--dlq", "" + letters)) {
        assertThat(sender.exitCode()).as(sender::err).isEqualTo(7);
      }
      assertThat(letters).content().contains("max_message_size", "x".repeat(2_000));
      try (Connection client = connect()) {
        Channel channel = client.createChannel();
        List<String> all = new ArrayList<>();
        for (GetResponse next = channel.basicGet("pipe", true);
            next != null;
            next = channel.basicGet("pipe", true)) {
          all.add(new String(next.getBody(), StandardCharsets.UTF_8));
        }
        // What was on its way when the server closed the channel may be there twice.
        assertThat(all.removeLast()).isEqualTo("three");
        assertThat(all).containsOnly("one");
      }
    } finally {
      takesAtMost(128 << 20);
    }
  }

  /** Of each channel that is opened from then on. */
  private static void takesAtMost(int bytes) throws Exception {
    server.administer("eval", "application:set_env(rabbit, max_message_size, " + bytes + ").");
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

  @Test
  void deadLettersInAQueueAreListedShownDeliveredAndDropped() throws Exception {
    Path in = state.resolve("in.u32");
    Files.write(
        in, "\0\0\0\3one\0\0\0\3t\no\0\0\0\3f\nr\0\0\0\4five".getBytes(StandardCharsets.UTF_8));
    Path lines = state.resolve("lines");
    run(
        7,
        "--frame",
        "u32",
        in.toString(),
        "--frame-out",
        "lines",
        lines.toString(),
        "--dlq",
        dead());
    assertThat(lines).hasContent("one\nfive\n");
    List<String> letters = run(0, "dlq", "ls", dead()).lines().skip(1).toList();
    assertThat(letters).hasSize(2).allMatch(row -> row.contains("the framing lines cannot carry"));
    String first = letters.getFirst().strip().split(" ", 2)[0];
    String second = letters.getLast().strip().split(" ", 2)[0];
    assertThat(run(0, "dlq", "show", dead(), first))
        .contains("dead-letter-status: INVALID_ARGUMENT", "t\no");
    run(7, "dlq", "replay", dead(), first, "--to", lines.toString(), "--frame-out", "lines");
    String late = state.resolve("late").toString();
    run(0, "dlq", "replay", dead(), first, "--to", late, "--frame-out", "u32");
    assertThat(Path.of(late)).hasContent("\0\0\0\3t\no");
    assertThat(run(0, "dlq", "ls", dead()).lines().skip(1)).containsExactly(letters.getLast());
    run(2, "dlq", "show", dead(), first);
    run(0, "dlq", "drop", dead(), second, "--yes");
    assertThat(run(0, "dlq", "ls", dead())).isEmpty();
  }

  /** A queue keeps no place: two replays are two streams, for readers that take each once. */
  @Test
  void whatIsReplayedIntoAQueueInTwoStepsIsReadOnce() throws Exception {
    Path in = state.resolve("in.u32");
    Files.write(in, "\0\0\0\3t\no\0\0\0\3f\nr".getBytes(StandardCharsets.UTF_8));
    String letters = state.resolve("letters").toString();
    run(
        7,
        "--frame",
        "u32",
        in.toString(),
        "--frame-out",
        "lines",
        state.resolve("lines").toString(),
        "--dlq",
        letters);
    run(0, "dlq", "replay", letters, "1", "--to", address() + "?single");
    run(0, "dlq", "replay", letters, "2", "--to", address() + "?single");
    try (CommandProcess reader =
        CommandProcess.start("--frame", "u32", address(), "once", "until=empty", "-")) {
      assertThat(reader.exitCode()).as(reader::err).isZero();
      assertThat(new String(reader.out(), StandardCharsets.UTF_8))
          .isEqualTo("\0\0\0\3t\no\0\0\0\3f\nr");
    }
  }

  /** As a line that makes a program crash: whoever is given it is killed before it is committed. */
  @Test
  void aMessageThatKillsItsReadersEndsAmongTheDeadLetters() throws Exception {
    String queue = "amqp://127.0.0.1:" + server.port() + "/deadly";
    try (CommandProcess sender = CommandProcess.start("--frame", "lines", "-", queue, "quorum")) {
      sender.feed("1\n2\ndeadly\n3\n4\n5\n".getBytes(StandardCharsets.UTF_8)).endInput();
      assertThat(sender.exitCode()).as(sender::err).isZero();
    }
    Path dead = state.resolve("dead");
    Set<String> arrived = new TreeSet<>();
    int kills = 0;
    int exitCode = 0;
    try (Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/n", Encoding.RECORDS)) {
      String peer = listener.address().toString().replace("tcp-listen", "tcp");
      // It ends with 0 where the server still thinks that the one before it lives.
      while (kills <= 3 && (exitCode == 0 || exitCode == KILLED)) {
        try (CommandProcess reader =
                CommandProcess.start(
                    "--frame",
                    "lines",
                    "--attempts",
                    "3",
                    "--dlq",
                    "" + dead,
                    queue,
                    "until=empty",
                    peer);
            Pipe pipe = listener.accept()) {
          takeUntilDeadly(pipe, reader, arrived);
          exitCode = reader.exitCode();
          kills += exitCode == KILLED ? 1 : 0;
          assertThat(exitCode).as(reader::err).isIn(0, KILLED, 7);
        }
      }
    }
    assertThat(kills).isEqualTo(3);
    assertThat(arrived).containsExactly("1", "2", "3", "4", "5");
    assertThat(Letters.texts(dead)).containsExactly("deadly");
    assertThat(Letters.in(dead).getFirst().about().why())
        .isEqualTo(
            new Rejection(
                Status.ABORTED,
                "the queue has given it out 3 times, and nobody has committed it",
                3));
  }

  private static void takeUntilDeadly(Pipe pipe, CommandProcess reader, Set<String> arrived)
      throws Exception {
    for (Message message : pipe.messages()) {
      if (message.text().equals("deadly")) {
        reader.signal("KILL");
        return;
      }
      message.commit();
      arrived.add(message.text());
    }
  }

  /** What it prints. */
  private String run(int exitCode, String... words) throws Exception {
    try (CommandProcess command =
        CommandProcess.start(Map.of("XDG_STATE_HOME", state.toString()), words)) {
      assertThat(command.exitCode()).as(command::err).isEqualTo(exitCode);
      return new String(command.out(), StandardCharsets.UTF_8);
    }
  }

  /** A sender that is killed so often, and its server now and then, and that comes to its end. */
  private void sendThroughKills(int kills) throws Exception {
    byte[] lines = lines();
    for (int kill = 1; kill <= kills; kill++) {
      long before = waiting();
      try (CommandProcess sender = sender()) {
        // Its input does not end, so it is under way whenever it is killed.
        InParallel<Boolean> feeding = InParallel.run(() -> feed(sender, lines));
        Waiting.until(() -> waiting() > before + COUNT / 10 || !sender.isAlive());
        sender.signal("KILL");
        assertThat(sender.exitCode()).as(sender::err).isEqualTo(KILLED);
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
      last.endInput();
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

  private CommandProcess reader(Path out, String... more) throws IOException {
    List<String> words = new ArrayList<>(List.of("--frame", "lines", "--session", "reader"));
    words.addAll(List.of(address(), "once", "until=empty", out.toString()));
    words.addAll(List.of(more));
    return CommandProcess.start(
        Map.of("XDG_STATE_HOME", state.resolve("reader").toString()), words.toArray(String[]::new));
  }

  private static String address() {
    return "amqp://127.0.0.1:" + server.port() + "/pipe";
  }

  private static String dead() {
    return "amqp://127.0.0.1:" + server.port() + "/dead";
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
      process.feed(bytes);
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
