package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Headers;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A right, or the user, is taken away: by a server that goes on running, under ends at work. */
final class NatsRightsTest {
  private static final int COUNT = 1_000;
  private static final String ALL = "";
  private static final String MAY_NOT_PUBLISH = "publish: { deny: [\"test.>\"] }";
  private static final String MAY_NOT_SUBSCRIBE = "subscribe: { deny: [\"test.>\"] }";
  private static final String MAY_NOT_HEAR = "subscribe: { deny: [\"_INBOX.>\"] }";
  private static final String MAY_NOT_ASK = "publish: { deny: [\"$JS.API.>\"] }";
  private static final String MAY_NOT_ACKNOWLEDGE = "publish: { deny: [\"$JS.ACK.>\"] }";

  @TempDir private Path folder;

  private NatsServer server;
  private Subject subject;

  @BeforeEach
  void start() throws Exception {
    server = NatsServer.start(folder, anna(ALL));
    subject = new Subject(server, "anna:s3cret@", "root:root@");
  }

  @AfterEach
  void stop() throws Exception {
    subject.close();
    server.close();
  }

  @Test
  void aWriterThatMayNoLongerPublishSaysSoAndHasCommittedNothingThatWasNotHeard() throws Exception {
    Queue<String> heard = listen();
    Sink sink = subject.sink("numbers", "");
    Subject.writeNumbers(sink, 1, COUNT);
    long certain = sink.awaitCommitted(sink.resume().position()).position();
    server.reload(anna(MAY_NOT_PUBLISH));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> {
          Subject.writeNumbers(sink, COUNT + 1, COUNT + 1);
          sink.finish();
        })
        .withMessageContaining("the user lacks a right: Permissions Violation for Publish")
        .withMessageContaining("position " + certain)
        .satisfies(this::isDenied);
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> Subject.writeNumbers(sink, COUNT + 2, COUNT + 2))
        .satisfies(this::isDenied);
    InParallel.await(() -> heard.size() >= COUNT);
    assertThat(heard).containsExactlyElementsOf(Subject.numbers(1, COUNT));
  }

  @Test
  void aWriterWhoseUserIsTakenAwaySaysSo() throws Exception {
    Sink sink = subject.sink("numbers", "");
    Subject.writeNumbers(sink, 1, COUNT);
    sink.awaitCommitted(sink.resume().position());
    server.reload(onlyRoot());
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> {
          for (int next = COUNT + 1; ; next++) {
            Subject.writeNumbers(sink, next, next);
          }
        })
        .satisfies(this::isUnknown);
  }

  @Test
  void aListenerThatMayNoLongerListenSaysSo() throws Exception {
    Source source = subject.source("");
    InParallel<List<String>> reading = InParallel.run(() -> Subject.read(source, 1));
    reading.awaitBlocked();
    server.reload(anna(MAY_NOT_SUBSCRIBE));
    assertThat(reading.failure())
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("Permissions Violation for Subscription")
        .satisfies(this::isDenied);
  }

  @Test
  void aListenerWhoseUserIsTakenAwaySaysSo() throws Exception {
    Source source = subject.source("");
    InParallel<List<String>> reading = InParallel.run(() -> Subject.read(source, 1));
    reading.awaitBlocked();
    server.reload(onlyRoot());
    assertThat(reading.failure())
        .isInstanceOf(PipeException.Refused.class)
        .satisfies(this::isUnknown);
  }

  @Test
  void whoMayNotFromTheBeginningIsToldAtOnce() throws Exception {
    server.reload(anna(MAY_NOT_SUBSCRIBE));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> subject.source(""))
        .satisfies(this::isDenied);
    server.reload(anna(MAY_NOT_ASK));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> subject.sink("numbers", "?jetstream"))
        .satisfies(this::isDenied);
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> subject.source("?jetstream").read())
        .satisfies(this::isDenied);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aStreamIsWrittenOnceAndWholeThoughTheRightOrTheUserWasAwayForAWhile(boolean user)
      throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, COUNT);
    sink.awaitCommitted(sink.resume().position());
    server.reload(user ? onlyRoot() : anna(MAY_NOT_PUBLISH));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> {
          Subject.writeNumbers(sink, COUNT + 1, 2 * COUNT);
          sink.finish();
        })
        .satisfies(user ? this::isUnknown : this::isDenied);
    assertThat(subject.stored()).isEqualTo(Subject.numbers(1, COUNT));
    server.reload(anna(ALL));
    Sink again = subject.sink("numbers", "?jetstream");
    assertThat(again.resume().position())
        .isEqualTo(Subject.numbers(1, COUNT).stream().mapToLong(text -> text.length() + 2).sum());
    Subject.writeNumbers(again, COUNT + 1, 2 * COUNT);
    again.finish();
    assertThat(subject.stored()).isEqualTo(Subject.numbers(1, 2 * COUNT));
  }

  @Test
  void aReaderThatMayNoLongerHearSaysSoAndGoesOnWhereItWas() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, COUNT);
    sink.awaitCommitted(sink.resume().position());
    Source source = subject.source("?jetstream");
    Reading behind = new Reading(source);
    behind.readTo(COUNT);
    server.reload(anna(MAY_NOT_HEAR));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> behind.readTo(1_000 * COUNT))
        .withMessageContaining("the user lacks a right: Permissions Violation for Subscription")
        .satisfies(this::isDenied);
    server.reload(anna(ALL));
    Subject.writeNumbers(subject.sink("more", "?jetstream"), COUNT + 1, 2 * COUNT);
    Source again = subject.source("?jetstream");
    again.seek(new Resume(behind.position, behind.cursor, null));
    new Reading(again, behind.all).readTo(2 * COUNT);
    assertThat(behind.all).isEqualTo(Subject.numbers(1, 2 * COUNT));
  }

  @Test
  void aSharedReaderThatMayNotAcknowledgeSaysSoAndAnotherOneGetsEverything() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, COUNT);
    sink.finish();
    String shared = "?jetstream&durable=jobs&ack-wait=4s";
    Source source = subject.source(shared);
    Objects.requireNonNull(source.read()).close();
    server.reload(anna(MAY_NOT_ACKNOWLEDGE));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> Subject.read(source, 2 * COUNT))
        .withMessageContaining("the user lacks a right: Permissions Violation for Publish")
        .satisfies(this::isDenied);
    source.close();
    server.reload(anna(ALL));
    assertThat(Subject.read(subject.source(shared), COUNT))
        .containsExactlyInAnyOrderElementsOf(Subject.numbers(1, COUNT));
  }

  @Test
  void whoAsksAndMayNotAnyMoreIsToldAtOnce() throws Exception {
    Pipe pipe = subject.pipe("?timeout=10m", false);
    server.reload(anna(MAY_NOT_PUBLISH));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> {
          Subject.write(pipe.sink(), "question", Headers.EMPTY);
          pipe.sink().finish();
        })
        .satisfies(this::isDenied);
  }

  /** Where an answer goes is said by who asks: nobody ends a service by asking. */
  @Test
  void anAnswerThatMayNotBePublishedIsSaidAndTheServiceGoesOn() throws Exception {
    server.reload(anna("publish: { deny: [forbidden] }"));
    Pipe service = subject.pipe("", true);
    Connection client = subject.client();
    client.publish(subject.name(), "forbidden", new byte[] {'1'});
    assertThat(Subject.read(service.source(), 1)).containsExactly("1");
    Subject.write(service.sink(), "one", Headers.EMPTY);
    CompletableFuture<Message> second = client.request(subject.name(), new byte[] {'2'});
    assertThat(Subject.read(service.source(), 1)).containsExactly("2");
    Subject.write(service.sink(), "two", Headers.EMPTY);
    assertThat(second.get(2, TimeUnit.MINUTES).getData()).asString().isEqualTo("two");
    assertThat(subject.warnings())
        .singleElement()
        .asString()
        .contains("Permissions Violation for Publish to \"forbidden\"")
        .contains("an answer between positions 0 and 5 was not published");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> service.sink().finish())
        .withMessageContaining("answers that are not published are not given to who asked")
        .satisfies(this::isDenied);
  }

  private Queue<String> listen() throws Exception {
    Queue<String> heard = new ConcurrentLinkedQueue<>();
    Connection client = subject.client();
    Dispatcher dispatcher =
        client.createDispatcher(
            message -> heard.add(new String(message.getData(), StandardCharsets.UTF_8)));
    dispatcher.subscribe(subject.name());
    client.flush(Duration.ofMinutes(2));
    return heard;
  }

  private void isDenied(Throwable why) {
    assertThat(((PipeException) why).status()).isEqualTo(Status.PERMISSION_DENIED);
    assertThat(why)
        .hasMessageNotContaining("s3cret")
        .hasMessageContaining("the user lacks a right: Permissions Violation for");
  }

  private void isUnknown(Throwable why) {
    assertThat(((PipeException) why).status()).isEqualTo(Status.UNAUTHENTICATED);
    assertThat(why).hasMessageNotContaining("s3cret").hasMessageContaining("other credentials");
  }

  /** Anna has these rights, and root has all. */
  private static String anna(String permissions) {
    return "authorization { users: [ { user: root, password: root },"
        + " { user: anna, password: s3cret, permissions: { "
        + permissions
        + " } } ] }";
  }

  private static String onlyRoot() {
    return "authorization { users: [ { user: root, password: root } ] }";
  }

  /** What was read, and the place behind it. */
  private static final class Reading {
    private final Source source;
    private final List<String> all;
    private @Nullable Cursor cursor;
    private long position;

    Reading(Source source) {
      this(source, new ArrayList<>());
    }

    Reading(Source source, List<String> all) {
      this.source = source;
      this.all = all;
    }

    void readTo(int count) throws Exception {
      while (all.size() < count) {
        try (Batch batch = Objects.requireNonNull(source.read())) {
          batch.forEach((end, payload, headers) ->
              all.add(StandardCharsets.UTF_8.decode(payload.duplicate()).toString()));
          cursor = Objects.requireNonNull(batch.cursor());
          position = batch.endPosition();
        }
      }
    }
  }
}
