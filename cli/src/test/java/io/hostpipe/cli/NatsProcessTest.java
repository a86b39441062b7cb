package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PullSubscribeOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command before and behind a broker, each process and the broker killed on the way. */
final class NatsProcessTest {
  /** Of lines; a million show the same, and take a minute or two. */
  private static final int COUNT = Integer.getInteger("hostpipe.broker.lines", 40_000);

  private static final String STREAM = "PIPE_DATA";

  @TempDir private Path folder;

  private NatsServer server;
  private KilledOnTheWay lines;

  /** Knows nothing of Hostpipe, and connects again when the server was away. */
  private Connection client;

  @BeforeEach
  void start() throws Exception {
    server = NatsServer.start(Files.createDirectories(folder.resolve("server")));
    lines = new KilledOnTheWay(folder, COUNT);
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
  void aSenderThatIsKilledTenTimesPublishesEachLineOnce() throws Exception {
    assertThat(lines.send(this::stored, this::restart, address(), "jetstream"))
        .contains("jetstream: once\n");
    assertThat(all()).isEqualTo(lines.numbers());
  }

  @Test
  void aReaderThatIsKilledGoesOnInItsFile() throws Exception {
    var _ = lines.sendAll(address(), "jetstream");
    var _ = lines.read(folder.resolve("out.txt"), () -> {}, address(), "jetstream", "until=last");
  }

  @Test
  void aProgramAnswersRequestsAndWhoAsksEndsWithTheLastAnswer() throws Exception {
    String service = "nats://127.0.0.1:" + server.port() + "/service";
    try (CommandProcess answering =
        CommandProcess.start("--duplex", "--frame", "lines", service, "exec:sed -u s/^/answer:/")) {
      Waiting.until(() -> answered(service));
      try (CommandProcess asking =
          CommandProcess.start("--duplex", "--frame", "lines", "-", service)) {
        asking.feed("one\ntwo\n".getBytes(StandardCharsets.UTF_8)).endInput();
        assertThat(asking.exitCode()).as(asking::err).isZero();
        assertThat(answering.isAlive()).isTrue();
        assertThat(asking.out())
            .asString(StandardCharsets.UTF_8)
            .isEqualTo("answer:one\nanswer:two\n");
      }
    }
    try (CommandProcess asking =
        CommandProcess.start("--duplex", "--frame", "lines", "-", service)) {
      asking.feed("anybody?\n".getBytes(StandardCharsets.UTF_8)).endInput();
      assertThat(asking.exitCode()).as(asking::err).isEqualTo(7);
      assertThat(asking.err()).contains("nobody answers at the subject service");
    }
  }

  /** Whether a service listens there: one that asks is answered. */
  private boolean answered(String service) {
    try {
      return client.request("service", new byte[] {'?'}, Duration.ofMillis(200)) != null;
    } catch (InterruptedException e) {
      throw new AssertionError(service, e);
    }
  }

  @Test
  void aPairSaysWhatASubjectWithoutJetStreamPromises() throws Exception {
    try (CommandProcess sender =
        CommandProcess.start("--frame", "lines", "-", address(), "--require", "once")) {
      assertThat(sender.exitCode()).isEqualTo(4);
      assertThat(sender.err()).contains("at-most-once", "a subject keeps nothing");
    }
  }

  @Test
  void aServerThatIsNotThereIsWaitedForAsLongAsWasSaid() throws Exception {
    server.kill();
    try (CommandProcess sender =
        CommandProcess.start("-", address(), "jetstream", "--give-up", "1s")) {
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(3);
      assertThat(sender.err()).contains("cannot be reached", "is nats-server running there");
    }
  }

  @Test
  void aSenderThatMayNotGoOnEndsWithFourAndTheNextOneGoesOn() throws Exception {
    server.kill();
    server.restart(everybody(""));
    try (CommandProcess sender = lines.sender(address(), "jetstream")) {
      InParallel<Boolean> feeding = InParallel.run(() -> feed(sender));
      Waiting.until(() -> stored() > 0 || !sender.isAlive());
      server.reload(everybody("publish: { deny: [pipe.data] }"));
      // It may have ended already, with what it had read before.
      feed(sender);
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(4);
      assertThat(sender.err())
          .contains("the user lacks a right: Permissions Violation for Publish");
      feeding.join();
    }
    server.reload(everybody(""));
    var _ = lines.sendAll(address(), "jetstream");
    assertThat(all()).isEqualTo(lines.numbers());
  }

  /** All lines, and no end; whether they were taken. */
  private boolean feed(CommandProcess sender) {
    try {
      sender.feed(lines.bytes());
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Who shows nothing has these rights. */
  private static String everybody(String permissions) {
    return "no_auth_user: anybody\nauthorization { users: [ { user: anybody, password: any,"
        + " permissions: { "
        + permissions
        + " } } ] }";
  }

  private void restart() throws Exception {
    server.kill();
    server.restart();
  }

  private String address() {
    return "nats://127.0.0.1:" + server.port() + "/pipe.data";
  }

  /** How many messages the stream has; 0 where there is none yet, or nobody answers. */
  private long stored() {
    try {
      JetStreamManagement streams = client.jetStreamManagement();
      return streams.getStreamInfo(STREAM).getStreamState().getMsgCount();
    } catch (IOException | JetStreamApiException e) {
      return 0;
    }
  }

  private List<String> all() throws Exception {
    JetStreamSubscription subscription =
        client.jetStream().subscribe("pipe.data", PullSubscribeOptions.builder().build());
    List<String> all = new ArrayList<>();
    // A server that has much to do may not say so at once.
    Waiting.until(() -> stored() > 0);
    long count = stored();
    while (all.size() < count) {
      int wanted = (int) Math.min(1_000, count - all.size());
      for (Message each : subscription.fetch(wanted, Duration.ofMinutes(2))) {
        each.ack();
        all.add(new String(each.getData(), StandardCharsets.UTF_8));
      }
    }
    return all;
  }
}
