package io.hostpipe.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.DeadLetter;
import io.hostpipe.Encoding;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PullSubscribeOptions;
import io.nats.client.Subscription;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dead letters of real processes: a broker that takes no long messages, kills, peers. */
final class DeadLetterProcessTest {
  private static final int COUNT = 30_000;
  private static final int KILLS = 8;
  private static final int KILLED = 128 + 9;

  /** Every so many messages one is longer than the server takes. */
  private static final int LONG_EACH = 97;

  private static final int LONG_BYTES = 2_000;

  @TempDir private Path folder;

  private NatsServer server;
  private Connection client;

  @BeforeEach
  void start() throws Exception {
    server =
        NatsServer.start(Files.createDirectories(folder.resolve("server")), "max_payload: 1500");
    client =
        Nats.connect(
            new Options.Builder()
                .server("nats://127.0.0.1:" + server.port())
                .maxReconnects(-1)
                .reconnectWait(Duration.ofMillis(50))
                .errorListener(new ErrorListener() {})
                .build());
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    server.close();
  }

  @Test
  void eachMessageIsInTheBrokerOrAmongTheDeadLettersWhereverItIsKilled() throws Exception {
    Path in = lines();
    Path dead = folder.resolve("dead");
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int kill = 0; kill < KILLS; kill++) {
      long wanted = (long) ((kill + random.nextDouble()) * COUNT / (2 * KILLS));
      // The other half takes a second, so it is under way whenever it is killed.
      try (CommandProcess sender = sender(in, "" + dead, "--rate", COUNT / 2 + "msg/s")) {
        Waiting.until(() -> stored() >= wanted || !sender.isAlive());
        sender.signal("KILL");
        assertThat(sender.exitCode()).as("seed %d: %s", seed, sender.err()).isEqualTo(KILLED);
      }
    }
    try (CommandProcess last = sender(in, "" + dead)) {
      assertThat(last.exitCode()).as("seed %d: %s", seed, last.err()).isEqualTo(7);
      assertThat(last.err()).contains("jetstream: once\n", "in the dead letters at " + dead);
    }
    List<String> shorts = new ArrayList<>();
    List<String> longs = new ArrayList<>();
    for (int each = 1; each <= COUNT; each++) {
      (each % LONG_EACH == 0 ? longs : shorts).add(line(each));
    }
    assertThat(all()).as("seed %d", seed).isEqualTo(shorts);
    assertThat(Letters.texts(dead)).as("seed %d", seed).isEqualTo(longs);
    DeadLetter about = Letters.in(dead).getLast().about();
    assertThat(about.why().status()).isEqualTo(Status.OUT_OF_RANGE);
    assertThat(about.why().reason()).contains("2000 bytes", "max_payload");
    assertThat(about.address()).startsWith("nats://127.0.0.1:" + server.port() + "/pipe.data");
    assertThat(about.stream()).isEqualTo("numbers");
  }

  @Test
  void aReceiverPutsAsideWhatItsDestinationRefuses() throws Exception {
    Path dead = folder.resolve("dead");
    try (CommandProcess receiver =
        CommandProcess.start(
            "--frame",
            "lines",
            "tcp-listen://127.0.0.1:0/lines",
            address(),
            "jetstream",
            "--dlq",
            "" + dead)) {
      String peer = "tcp://127.0.0.1:" + receiver.awaitPort() + "/lines";
      try (CommandProcess sender = CommandProcess.start("--frame", "lines", "-", peer)) {
        sender.feed(("one\n" + "x".repeat(LONG_BYTES) + "\ntwo\n").getBytes(UTF_8)).endInput();
        assertThat(sender.exitCode()).as(sender::err).isZero();
      }
      assertThat(receiver.exitCode()).as(receiver::err).isEqualTo(7);
    }
    assertThat(all()).containsExactly("one", "two");
    assertThat(Letters.texts(dead)).containsExactly("x".repeat(LONG_BYTES));
  }

  @Test
  void aSenderPutsAsideWhatAProgramAtTheFarSideRefuses() throws Exception {
    Path dead = folder.resolve("dead");
    try (Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/n", Encoding.RECORDS)) {
      InParallel<List<String>> taking = InParallel.run(() -> takeNumbers(listener));
      String peer = listener.address().toString().replace("tcp-listen", "tcp");
      try (CommandProcess sender =
          CommandProcess.start("--frame", "lines", "-", peer, "--dlq", "" + dead)) {
        sender.feed("1\ntwo\n3\nfour\n5\n".getBytes(UTF_8)).endInput();
        assertThat(sender.exitCode()).as(sender::err).isEqualTo(7);
        assertThat(sender.err())
            .contains("once-while-running", "may not be among the dead letters");
      }
      assertThat(taking.join()).containsExactly("1", "3", "5");
    }
    assertThat(Letters.texts(dead)).containsExactly("two", "four");
    assertThat(Letters.in(dead).getFirst().about().why())
        .isEqualTo(new Rejection(Status.INVALID_ARGUMENT, "not a number"));
  }

  @Test
  @SuppressWarnings("try") // A client of NATS may be interrupted when it is closed.
  void theDeadLettersMayLieInABrokerAndAtAPeer() throws Exception {
    Path in = Files.writeString(folder.resolve("in"), "one\n" + "x".repeat(LONG_BYTES) + "\n");
    try (NatsServer other = NatsServer.start(Files.createDirectories(folder.resolve("other")));
        CommandProcess sender =
            sender(in, "nats://127.0.0.1:" + other.port() + "/pipe.dead?jetstream")) {
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(7);
      Connection there = Nats.connect("nats://127.0.0.1:" + other.port());
      io.nats.client.Message letter =
          there
              .jetStream()
              .subscribe("pipe.dead", PullSubscribeOptions.builder().build())
              .fetch(1, Duration.ofSeconds(20))
              .getFirst();
      there.close();
      assertThat(letter.getData()).hasSize(LONG_BYTES);
      assertThat(letter.getHeaders().getFirst("dead-letter-cause")).contains("max_payload");
      assertThat(letter.getHeaders().getFirst("dead-letter-position")).isEqualTo("2008");
    }
    try (Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/dead", Encoding.RECORDS)) {
      InParallel<Message> taking = InParallel.run(() -> takeOne(listener));
      Path second = Files.writeString(folder.resolve("second"), "x".repeat(LONG_BYTES) + "\n");
      String peer = listener.address().toString().replace("tcp-listen", "tcp");
      try (CommandProcess sender =
          CommandProcess.start(
              "--frame", "lines", "" + second, address(), "jetstream", "--dlq", peer)) {
        assertThat(sender.exitCode()).as(sender::err).isEqualTo(7);
      }
      assertThat(taking.join().headers().text("dead-letter-status")).isEqualTo("OUT_OF_RANGE");
    }
  }

  @Test
  void withoutAPlaceForThemAStreamEndsBeforeTheFirstOneHoweverOftenItIsStarted() throws Exception {
    Path in = TooLong.lines(folder, LONG_BYTES);
    TooLong.endsThere(in, "(max_payload)", address(), "jetstream");
    assertThat(all()).containsExactly("one");
    TooLong.endsThereAgain(in, "(max_payload)", address(), "jetstream");
    assertThat(all()).containsExactly("one");
  }

  @Test
  void withoutAPlaceForThemNothingIsPublishedBehindTheFirstOne() throws Exception {
    Subscription heard = client.subscribe("pipe.data");
    client.flush(Duration.ofSeconds(20));
    TooLong.endsThere(TooLong.lines(folder, LONG_BYTES), "(max_payload)", address());
    client.flush(Duration.ofSeconds(20));
    assertThat(heard.getPendingMessageCount()).isOne();
    assertThat(heard.nextMessage(Duration.ofSeconds(20)).getData())
        .isEqualTo("one".getBytes(UTF_8));
  }

  @Test
  void aDeadLetterThatIsRefusedItselfEndsThePipeAndIsNotPassedOver() throws Exception {
    Path in =
        Files.writeString(folder.resolve("in"), "one\n" + "x".repeat(LONG_BYTES) + "\nthree\n");
    try (CommandProcess sender =
        sender(in, "nats://127.0.0.1:" + server.port() + "/pipe.dead?jetstream")) {
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(7);
      assertThat(sender.err()).contains("and so was its dead letter", "it is in nobody's hands");
    }
    assertThat(all()).containsExactly("one");
  }

  @Test
  void theRestGoesThereWhenTheBrokerStaysAwayAndThatWasAskedFor() throws Exception {
    Path dead = folder.resolve("dead");
    try (CommandProcess sender =
        CommandProcess.start(
            Map.of("XDG_STATE_HOME", folder.resolve("state").toString()),
            "--frame",
            "lines",
            "--session",
            "numbers",
            "--restarted",
            "replay",
            "-",
            address(),
            "jetstream",
            "--dlq",
            "" + dead,
            "--dlq-unreachable",
            "--give-up",
            "5s")) {
      sender.feed("one\ntwo\n".getBytes(UTF_8));
      Waiting.until(() -> stored() == 2);
      server.kill();
      sender.feed("three\nfour\n".getBytes(UTF_8));
      Waiting.until(() -> sender.err().contains("goes to the dead letters"));
      sender.feed("five\n".getBytes(UTF_8)).endInput();
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(7);
      assertThat(sender.err()).contains("at-least-once");
    }
    assertThat(Letters.texts(dead)).endsWith("three", "four", "five");
    server.restart();
    assertThat(all()).containsExactly("one", "two");
    assertThat(Letters.in(dead).getLast().about().why().status()).isEqualTo(Status.UNAVAILABLE);
  }

  @Test
  void whatWasRefusedIsDeliveredOnceTheCauseIsGone() throws Exception {
    Path dead = folder.resolve("dead");
    Path in = Files.writeString(folder.resolve("in"), "one\n" + "x".repeat(LONG_BYTES) + "\ntwo\n");
    try (CommandProcess sender = sender(in, "" + dead)) {
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(7);
    }
    try (CommandProcess replay = CommandProcess.start("dlq", "replay", "" + dead, "--all")) {
      assertThat(replay.exitCode()).as(replay::err).isEqualTo(7);
      assertThat(replay.err()).contains("1 message was refused again and stays in " + dead);
    }
    server.stop();
    server.restart("max_payload: 1MB");
    try (CommandProcess replay = CommandProcess.start("dlq", "replay", "" + dead, "--all")) {
      assertThat(replay.exitCode()).as(replay::err).isZero();
      assertThat(replay.err()).contains("1 message was delivered to " + address());
    }
    assertThat(all()).containsExactly("one", "two", "x".repeat(LONG_BYTES));
    try (CommandProcess ls = CommandProcess.start("dlq", "ls", "" + dead)) {
      assertThat(ls.exitCode()).isZero();
      assertThat(ls.err()).contains("there are no messages at " + dead);
    }
  }

  @Test
  void aReplayThatIsKilledDeliversEachMessageOnceInTheEnd() throws Exception {
    int count = 300;
    StringBuilder lines = new StringBuilder();
    List<String> wanted = new ArrayList<>();
    for (int each = 0; each < count; each++) {
      String line = each + "x".repeat(LONG_BYTES);
      lines.append(line).append('\n');
      wanted.add(line);
    }
    Path in = Files.writeString(folder.resolve("in"), lines);
    try (NatsServer other = NatsServer.start(Files.createDirectories(folder.resolve("other")))) {
      String dead = "nats://127.0.0.1:" + other.port() + "/pipe.dead?jetstream";
      try (CommandProcess sender = sender(in, dead)) {
        assertThat(sender.exitCode()).as(sender::err).isEqualTo(7);
      }
      server.stop();
      server.restart("max_payload: 1MB");
      Waiting.until(() -> client.getStatus() == Connection.Status.CONNECTED);
      for (int kill = 1; kill <= 3; kill++) {
        long reached = (long) kill * count / 5;
        // There is no room for all of them, so it is under way whenever it is killed.
        limitStream(reached + count / 10);
        try (CommandProcess replay = CommandProcess.start("dlq", "replay", dead, "--all")) {
          Waiting.until(() -> stored() >= reached || !replay.isAlive());
          replay.signal("KILL");
          assertThat(replay.exitCode()).as(replay::err).isEqualTo(KILLED);
        }
      }
      limitStream(-1);
      try (CommandProcess replay = CommandProcess.start("dlq", "replay", dead, "--all")) {
        assertThat(replay.exitCode()).as(replay::err).isZero();
      }
      assertThat(all()).isEqualTo(wanted);
      try (CommandProcess ls = CommandProcess.start("dlq", "ls", dead)) {
        assertThat(ls.exitCode()).as(ls::err).isZero();
        assertThat(ls.err()).contains("there are no messages at ");
      }
    }
  }

  @Test
  void aMessageForWhichThereIsNoRoomIsTriedAsOftenAsWasSaidAndThenPutAside() throws Exception {
    makeStream(3);
    Path dead = folder.resolve("dead");
    Path in = Files.writeString(folder.resolve("in"), "1\n2\n3\n4\n5\n");
    try (CommandProcess sender = sender(in, "" + dead, "--attempts", "2")) {
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(7);
    }
    assertThat(all()).containsExactly("1", "2", "3");
    assertThat(Letters.texts(dead)).containsExactly("4", "5");
    assertThat(Letters.in(dead))
        .allSatisfy(each -> {
          assertThat(each.about().why().attempts()).isEqualTo(2);
          assertThat(each.about().why().reason()).contains("PIPE_DATA does not take it", "maximum");
        });
    try (CommandProcess reader =
        CommandProcess.start("--frame", "lines", address(), "jetstream", "until=last", "-")) {
      assertThat(reader.exitCode()).as(reader::err).isZero();
      assertThat(reader.out()).isEqualTo("1\n2\n3\n".getBytes(UTF_8));
    }
  }

  /** Each try of the message is one of its destination, too. */
  @Test
  void aMessageIsTriedNoMoreOftenThanItsDestination() throws Exception {
    makeStream(1);
    Path dead = folder.resolve("dead");
    Path in = Files.writeString(folder.resolve("in"), "1\n2\n");
    try (CommandProcess sender = sender(in, "" + dead, "--attempts", "5", "--retry-max", "4")) {
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(3);
      assertThat(sender.err()).contains("PIPE_DATA has no room");
    }
    assertThat(dead).doesNotExist();
    try (CommandProcess sender = sender(in, "" + dead, "--attempts", "5", "--retry-max", "5")) {
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(7);
    }
    assertThat(Letters.texts(dead)).containsExactly("2");
  }

  /** Nothing of it lies in the subject, however far it has got. */
  @Test
  void aStreamThatFindsNoRoomBehindAnotherOnesMessagesIsPutAsideWhole() throws Exception {
    makeStream(5);
    Path first = Files.writeString(folder.resolve("first"), "1\n2\n3\n4\n5\n");
    try (CommandProcess sender = sender(first, "" + folder.resolve("dead-first"))) {
      assertThat(sender.exitCode()).as(sender::err).isZero();
    }
    Path dead = folder.resolve("dead");
    Path second = Files.writeString(folder.resolve("second"), "101\n102\n103\n104\n");
    try (CommandProcess sender =
        CommandProcess.start(
            "--frame",
            "lines",
            "" + second,
            address(),
            "jetstream",
            "--dlq",
            "" + dead,
            "--attempts",
            "2")) {
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(7);
    }
    assertThat(all()).containsExactly("1", "2", "3", "4", "5");
    assertThat(Letters.texts(dead)).containsExactly("101", "102", "103", "104");
  }

  @Test
  void withoutALimitOfTriesAFullStreamIsWaitedFor() throws Exception {
    makeStream(3);
    Path in = Files.writeString(folder.resolve("in"), "1\n2\n3\n4\n5\n");
    try (CommandProcess sender = sender(in, "" + folder.resolve("dead"))) {
      Waiting.until(() -> stored() == 3 || !sender.isAlive());
      client
          .jetStreamManagement()
          .updateStream(
              StreamConfiguration.builder()
                  .name("PIPE_DATA")
                  .subjects("pipe.data")
                  .maxMessages(100)
                  .discardPolicy(DiscardPolicy.New)
                  .build());
      assertThat(sender.exitCode()).as(sender::err).isZero();
    }
    assertThat(all()).containsExactly("1", "2", "3", "4", "5");
  }

  /** One that takes so many messages. */
  private void makeStream(int messagesMax) throws Exception {
    var _ =
        client
            .jetStreamManagement()
            .addStream(
                StreamConfiguration.builder()
                    .name("PIPE_DATA")
                    .subjects("pipe.data")
                    .maxMessages(messagesMax)
                    .discardPolicy(DiscardPolicy.New)
                    .build());
  }

  /** From now on it takes so many messages; -1 for any number. */
  private void limitStream(long messagesMax) throws Exception {
    JetStreamManagement streams = client.jetStreamManagement();
    StreamConfiguration now = streams.getStreamInfo("PIPE_DATA").getConfiguration();
    var _ =
        streams.updateStream(
            StreamConfiguration.builder(now)
                .maxMessages(messagesMax)
                .discardPolicy(DiscardPolicy.New)
                .build());
  }

  private static List<String> takeNumbers(Listener listener) throws Exception {
    List<String> numbers = new ArrayList<>();
    try (Pipe pipe = listener.accept()) {
      for (Message each : pipe.messages()) {
        if (each.text().chars().allMatch(Character::isDigit)) {
          numbers.add(each.text());
        } else {
          each.reject(new Rejection(Status.INVALID_ARGUMENT, "not a number"));
        }
        each.commit();
      }
    }
    return numbers;
  }

  private static Message takeOne(Listener listener) throws Exception {
    List<Message> taken = new ArrayList<>();
    try (Pipe pipe = listener.accept()) {
      for (Message each : pipe.messages()) {
        taken.add(each);
        each.commit();
      }
    }
    return taken.getFirst();
  }

  private CommandProcess sender(Path in, String dead, String... more) throws IOException {
    List<String> words = new ArrayList<>(List.of("--frame", "lines", "--session", "numbers"));
    words.addAll(List.of(in.toString(), address(), "jetstream", "--dlq", dead));
    words.addAll(List.of(more));
    return CommandProcess.start(
        Map.of("XDG_STATE_HOME", folder.resolve("state").toString()), words.toArray(String[]::new));
  }

  private String address() {
    return "nats://127.0.0.1:" + server.port() + "/pipe.data";
  }

  private Path lines() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int each = 1; each <= COUNT; each++) {
      lines.append(line(each)).append('\n');
    }
    return Files.writeString(folder.resolve("in"), lines);
  }

  private static String line(int number) {
    String text = Integer.toString(number);
    return number % LONG_EACH == 0 ? text + "x".repeat(LONG_BYTES - text.length()) : text;
  }

  /** How many messages the stream has; 0 where there is none yet, or nobody answers. */
  private long stored() {
    try {
      return client.jetStreamManagement().getStreamInfo("PIPE_DATA").getStreamState().getMsgCount();
    } catch (IOException | JetStreamApiException e) {
      return 0;
    }
  }

  private List<String> all() throws Exception {
    Waiting.until(() -> client.getStatus() == Connection.Status.CONNECTED && stored() > 0);
    long count = stored();
    JetStreamSubscription subscription =
        client.jetStream().subscribe("pipe.data", PullSubscribeOptions.builder().build());
    List<String> all = new ArrayList<>();
    while (all.size() < count) {
      int wanted = (int) Math.min(1_000, count - all.size());
      subscription
          .fetch(wanted, Duration.ofSeconds(10))
          .forEach(each -> {
            each.ack();
            all.add(new String(each.getData(), UTF_8));
          });
    }
    return all;
  }
}
