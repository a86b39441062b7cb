package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.JetStreamManagement;
import io.nats.client.Message;
import io.nats.client.PurgeOptions;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.impl.NatsMessage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A subject of JetStream: once, through breaks and kills, and nothing of it changed silently. */
final class JetStreamTest extends WithSubject {
  private static final int COUNT = 12_000;

  @Test
  void everyMessageIsThereOnceAfterTheServerWasKilledFourTimes() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream&in-flight=500");
    AtomicBoolean killing = new AtomicBoolean(true);
    InParallel<Integer> writing =
        InParallel.run(() -> {
          int last = Subject.writeNumbersWhile(killing::get, sink, COUNT);
          sink.finish();
          return last;
        });
    for (int kill = 1; kill <= 4; kill++) {
      long wanted = sink.committed().position() + 4_000;
      InParallel.await(() -> positionOf(sink) >= wanted || writing.ended());
      server.kill();
      server.restart();
    }
    killing.set(false);
    int last = writing.join();
    assertThat(subject.stored()).isEqualTo(Subject.numbers(1, last));
  }

  @Test
  void whateverElseAnswersToAMessageConfirmsNothingAndDisturbsNothing() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream&in-flight=100");
    Connection client = subject.client();
    AtomicInteger answered = new AtomicInteger();
    Dispatcher meddler =
        client.createDispatcher(message -> {
          answered.incrementAndGet();
          for (String answer : List.of("heard", "{", "{\"stream\":\"OTHERS\",\"seq\":7}")) {
            client.publish(message.getReplyTo(), answer.getBytes(StandardCharsets.UTF_8));
          }
        });
    var _ = meddler.subscribe(subject.name());
    client.flush(Duration.ofMinutes(2));
    Subject.writeNumbers(sink, 1, 2_000);
    sink.finish();
    assertThat(subject.stored()).isEqualTo(Subject.numbers(1, 2_000));
    assertThat(subject.warnings()).isEmpty();
    InParallel.await(() -> answered.get() >= 2_000);
  }

  /** The server knows copies by their ids, for a while: nothing here rests on that. */
  @Test
  void nothingComesTwiceBehindAnOutageLongerThanTheServerRemembersCopies() throws Exception {
    Duration remembered = Duration.ofMillis(100);
    var _ =
        subject
            .client()
            .jetStreamManagement()
            .addStream(
                StreamConfiguration.builder()
                    .name("forgetful")
                    .subjects(subject.name())
                    .duplicateWindow(remembered)
                    .build());
    Sink sink = subject.sink("numbers", "?jetstream&in-flight=500");
    AtomicBoolean away = new AtomicBoolean(true);
    InParallel<Integer> writing =
        InParallel.run(() -> {
          int last = Subject.writeNumbersWhile(away::get, sink, COUNT);
          sink.finish();
          return last;
        });
    InParallel.await(() -> positionOf(sink) > 1_000 || writing.ended());
    server.kill();
    long gone = System.nanoTime();
    InParallel.await(() -> System.nanoTime() - gone > 10 * remembered.toNanos());
    server.restart();
    long stood = sink.committed().position();
    InParallel.await(() -> positionOf(sink) > stood || writing.ended());
    away.set(false);
    int last = writing.join();
    assertThat(subject.stored()).isEqualTo(Subject.numbers(1, last));
  }

  @Test
  void aStreamThatIsDeletedUnderItsWriterIsNotMadeAgain() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 100);
    sink.awaitCommitted(sink.resume().position());
    JetStreamManagement streams = subject.client().jetStreamManagement();
    String stream = streams.getStreamNames(subject.name()).getFirst();
    assertThat(streams.deleteStream(stream)).isTrue();
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> {
          Subject.writeNumbers(sink, 101, 200);
          sink.finish();
        })
        .withMessageContaining("the stream " + stream + " is gone")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.NOT_FOUND));
    assertThat(streams.getStreamNames(subject.name())).isEmpty();
  }

  @Test
  void aServerThatHangsIsWaitedForAndNothingComesTwice() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream&in-flight=100");
    Subject.writeNumbers(sink, 1, 100);
    server.pause();
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          Subject.writeNumbers(sink, 101, 1_000);
          sink.finish();
          return true;
        });
    writing.awaitBlocked();
    server.goOn();
    assertThat(writing.join()).isTrue();
    assertThat(subject.stored()).isEqualTo(Subject.numbers(1, 1_000));
  }

  @Test
  void aWriterThatWasKilledGoesOnWhereTheSubjectEnds() throws Exception {
    Sink first = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(first, 1, 1_000);
    // As a kill does: nobody waits for what is on its way.
    first.close();
    // What has reached the server it still stores.
    JetStreamManagement streams = subject.client().jetStreamManagement();
    String stream = streams.getStreamNames(subject.name()).getFirst();
    InParallel.awaitStill(() -> messages(streams, stream));
    Sink second = subject.sink("numbers", "?jetstream");
    Resume held = second.resume();
    int stored = subject.stored().size();
    assertThat(held.position()).isEqualTo(lengthBytes(1, stored));
    Subject.writeNumbers(second, stored + 1, 2_000);
    second.finish();
    assertThat(subject.stored()).isEqualTo(Subject.numbers(1, 2_000));
  }

  /** The second one's messages end at the same positions as the first one's. */
  @Test
  void twoWritersOfOneStreamNeverMix() throws Exception {
    Sink first = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(first, 1, 100);
    first.awaitCommitted(first.resume().position());
    Sink second = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(second, 501, 600);
    second.finish();
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> {
          Subject.writeNumbers(first, 101, 300);
          first.finish();
        })
        .withMessageContaining("another process writes the stream numbers as well");
    List<String> wanted = new ArrayList<>(Subject.numbers(1, 100));
    wanted.addAll(Subject.numbers(501, 600));
    assertThat(subject.stored()).isEqualTo(wanted);
  }

  @Test
  void aLaterEpochFencesAnEarlierOne() throws Exception {
    Sink first = subject.sink("numbers", "?jetstream");
    first.fence(1);
    Subject.write(first, "of the first", Headers.EMPTY);
    first.awaitCommitted(first.resume().position());
    Sink second = subject.sink("numbers", "?jetstream");
    second.fence(2);
    Subject.write(second, "of the second", Headers.EMPTY);
    second.finish();
    Subject.write(first, "of a zombie", Headers.EMPTY);
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(first::finish)
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.ABORTED));
    Sink third = subject.sink("numbers", "?jetstream");
    assertThatExceptionOfType(PipeException.Refused.class).isThrownBy(() -> third.fence(1));
    assertThat(subject.stored()).containsExactly("of the first", "of the second");
  }

  @Test
  void aForeignWriterInTheSubjectIsRefusedAndNothingIsLost() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 100);
    sink.awaitCommitted(sink.resume().position());
    Connection client = subject.client();
    client.jetStream().publish(subject.name(), "foreign".getBytes(StandardCharsets.UTF_8));
    server.kill();
    server.restart();
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> {
          Subject.writeNumbers(sink, 101, 101);
          sink.finish();
        })
        .withMessageContaining("another writer has written into the subject");
    Sink again = subject.sink("numbers", "?jetstream");
    assertThat(again.resume().position()).as("found behind it").isEqualTo(lengthBytes(1, 100));
    Subject.writeNumbers(again, 101, 102);
    again.finish();
    assertThat(subject.stored()).hasSize(103).endsWith("100", "foreign", "101", "102");
  }

  @Test
  void whatWasAcknowledgedAndIsGoneIsDataLoss() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 100);
    sink.awaitCommitted(sink.resume().position());
    JetStreamManagement streams = subject.client().jetStreamManagement();
    streams.purgeStream(
        streams.getStreamNames(subject.name()).getFirst(), PurgeOptions.builder().keep(50).build());
    streams.purgeStream(streams.getStreamNames(subject.name()).getFirst());
    server.kill();
    server.restart();
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> {
          Subject.writeNumbers(sink, 102, 102);
          sink.finish();
        })
        .withMessageContaining("up to position " + lengthBytes(1, 100));
  }

  @Test
  void aReaderGoesOnBehindTheCursorThatItsSinkKept() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 100);
    sink.finish();
    Cursor cursor;
    long position;
    try (Source source = subject.source("?jetstream&until=last")) {
      Batch batch = Objects.requireNonNull(source.read());
      try (Batch one = batch) {
        cursor = Objects.requireNonNull(one.cursor());
        position = one.endPosition();
      }
    }
    Subject.writeNumbers(subject.sink("more", "?jetstream"), 101, 150);
    Source again = subject.source("?jetstream");
    int read = countUpTo(position);
    again.seek(new Resume(position, cursor, null));
    assertThat(Subject.read(again, 150 - read)).isEqualTo(Subject.numbers(read + 1, 150));
  }

  @Test
  void aReaderWithoutACursorReadsAgainAndCompares() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 100);
    Resume held = sink.resume();
    Subject.writeNumbers(sink, 101, 200);
    sink.finish();
    Source source = subject.source("?jetstream&until=last");
    assertThat(source.seek(held)).isTrue();
    assertThat(Subject.read(source, 100)).isEqualTo(Subject.numbers(101, 200));
    Source other = subject.source("?jetstream&until=last");
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> other.seek(new Resume(held.position(), null, io.hostpipe.Digest.EMPTY)));
    Source tooShort = subject.source("?jetstream&until=last");
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> tooShort.seek(new Resume(1_000_000, null, null)));
  }

  @Test
  void aReaderSurvivesItsServer() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream&end=mark");
    Source source = subject.source("?jetstream&until=mark");
    InParallel<List<String>> reading = InParallel.run(() -> Subject.read(source, COUNT));
    Subject.writeNumbers(sink, 1, COUNT / 2);
    server.kill();
    server.restart();
    Subject.writeNumbers(sink, COUNT / 2 + 1, COUNT);
    sink.finish();
    assertThat(reading.join()).isEqualTo(Subject.numbers(1, COUNT));
    assertThat(source.read()).isNull();
    assertThat(source.finished()).isTrue();
  }

  @Test
  void aReaderGoesOnWhenTheServerHasForgottenIt() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 100);
    sink.awaitCommitted(sink.resume().position());
    Source source = subject.source("?jetstream");
    assertThat(Subject.read(source, 100)).isEqualTo(Subject.numbers(1, 100));
    JetStreamManagement streams = subject.client().jetStreamManagement();
    String stream = streams.getStreamNames(subject.name()).getFirst();
    for (String each : streams.getConsumerNames(stream)) {
      assertThat(streams.deleteConsumer(stream, each)).isTrue();
    }
    Subject.writeNumbers(sink, 101, 200);
    assertThat(Subject.read(source, 100)).isEqualTo(Subject.numbers(101, 200));
    source.close();
    assertThat(streams.getConsumerNames(stream)).as("nothing is left of it").isEmpty();
  }

  @Test
  void whatWasDeletedBeforeItWasReadIsSaid() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 10);
    sink.finish();
    Cursor cursor = lastCursor(subject.source("?jetstream&from=3&until=last"));
    Subject.writeNumbers(subject.sink("more", "?jetstream"), 11, 20);
    JetStreamManagement streams = subject.client().jetStreamManagement();
    String stream = streams.getStreamNames(subject.name()).getFirst();
    InParallel.await(() -> messages(streams, stream) == 20);
    streams.purgeStream(stream, PurgeOptions.builder().sequence(15).build());
    Source fails = subject.source("?jetstream&until=last");
    fails.seek(new Resume(0, cursor, null));
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(fails::read)
        .withMessageContaining("the messages with sequences 11 to 14")
        .withMessageContaining("lost=continue");
    Source goesOn = subject.source("?jetstream&until=last&lost=continue");
    goesOn.seek(new Resume(0, cursor, null));
    assertThat(Subject.read(goesOn, 6)).isEqualTo(Subject.numbers(15, 20));
    assertThat(subject.warnings()).anyMatch(text -> text.contains("sequences 11 to 14"));
  }

  @Test
  void aStreamThatWasMadeAnewIsNotTakenForTheOldOne() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 10);
    sink.finish();
    Cursor cursor = lastCursor(subject.source("?jetstream&until=last"));
    JetStreamManagement streams = subject.client().jetStreamManagement();
    streams.deleteStream(streams.getStreamNames(subject.name()).getFirst());
    Subject.writeNumbers(subject.sink("others", "?jetstream"), 1, 20);
    Source again = subject.source("?jetstream");
    again.seek(new Resume(20, cursor, null));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(again::read)
        .withMessageContaining("deleted and made again");
  }

  @Test
  void foreignClientsAndHostpipeUnderstandEachOthersHeaders() throws Exception {
    Headers headers =
        Headers.builder()
            .add(Headers.KEY, "customer-7")
            .add(Headers.CONTENT_TYPE, "application/json")
            .add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            .build();
    Sink sink = subject.sink("orders", "?jetstream");
    Subject.write(sink, "of ours", headers);
    sink.finish();
    Connection client = subject.client();
    Message seen = client.jetStream().subscribe(subject.name()).nextMessage(Duration.ofMinutes(2));
    assertThat(seen.getHeaders().getFirst("Hostpipe-Key")).isEqualTo("customer-7");
    assertThat(seen.getHeaders().getFirst("Content-Type")).isEqualTo("application/json");
    io.nats.client.impl.Headers foreign = new io.nats.client.impl.Headers();
    foreign.add("Nats-Msg-Id", "id-1").add("Color", "red", "blue").add("Hostpipe-Key", "k");
    client.jetStream().publish(new NatsMessage(subject.name(), null, foreign, new byte[] {'x'}));
    Source source = subject.source("?jetstream&from=2&until=last");
    try (Batch batch = Objects.requireNonNull(source.read())) {
      batch.forEach((end, payload, found) -> {
        assertThat(found.text(Headers.ID)).isEqualTo("id-1");
        assertThat(found.text(Headers.KEY)).isEqualTo("k");
        assertThat(found.names()).containsExactly("Color", "Color", Headers.KEY, Headers.ID);
      });
    }
  }

  @Test
  void aMessageThatTheServerDoesNotTakeIsRefusedAndTheRestGoesOn() throws Exception {
    server.close();
    server =
        NatsServer.start(Files.createDirectories(folder.resolve("small")), "max_payload: 2000");
    subject = new Subject(server);
    Sink sink = subject.sink("sizes", "?jetstream");
    Subject.write(sink, "good", Headers.EMPTY);
    long bad = Subject.write(sink, "x".repeat(3_000), Headers.EMPTY);
    long end = Subject.write(sink, "good again", Headers.EMPTY);
    assertThat(sink.awaitCommitted(end).rejected())
        .singleElement()
        .satisfies(rejected -> {
          assertThat(rejected.endPosition()).isEqualTo(bad);
          assertThat(rejected.why().reason()).contains("max_payload");
        });
    sink.finish();
    Source source = subject.source("?jetstream&until=last");
    assertThat(Subject.read(source, 2)).containsExactly("good", "good again");
  }

  @Test
  void aMessageThatTheStreamDoesNotTakeIsRefusedAtOnce() throws Exception {
    subject
        .client()
        .jetStreamManagement()
        .addStream(
            StreamConfiguration.builder()
                .name("SHORT")
                .subjects(subject.name())
                .maximumMessageSize(1_000)
                .build());
    Sink sink = subject.sink("sizes", "?jetstream");
    long end = Subject.write(sink, "x".repeat(1_001), Headers.EMPTY);
    assertThat(sink.awaitCommitted(end).rejected())
        .singleElement()
        .satisfies(each -> assertThat(each.why().reason()).contains("max_msg_size of the stream"));
  }

  @Test
  void whatIsThereIsLookedAtAndNeverChanged() throws Exception {
    JetStreamManagement streams = subject.client().jetStreamManagement();
    StreamConfiguration queue =
        StreamConfiguration.builder()
            .name("QUEUE")
            .subjects(subject.name())
            .retentionPolicy(RetentionPolicy.WorkQueue)
            .build();
    streams.addStream(queue);
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> subject.sink("any", "?jetstream"))
        .withMessageContaining("deletes what was consumed");
    streams.deleteStream("QUEUE");
    streams.addStream(
        StreamConfiguration.builder()
            .name("KEEPS")
            .subjects(subject.name(), subject.name() + ".other")
            .maxAge(Duration.ofHours(1))
            .build());
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> subject.sink("any", "?jetstream&replicas=3"))
        .withMessageContaining("has 1 replicas, not 3");
    Sink sink = subject.sink("any", "?jetstream");
    Subject.writeNumbers(sink, 1, 10);
    sink.finish();
    assertThat(subject.warnings()).anyMatch(text -> text.contains("deletes messages after 3600 s"));
    assertThat(streams.getStreamInfo("KEEPS").getConfiguration().getMaxAge())
        .isEqualTo(Duration.ofHours(1));
  }

  @Test
  void aStreamWithOtherSubjectsIsOnceAsWell() throws Exception {
    subject
        .client()
        .jetStreamManagement()
        .addStream(
            StreamConfiguration.builder().name("ALL").subjects(subject.name(), "noise").build());
    Sink sink = subject.sink("numbers", "?jetstream&in-flight=500");
    Connection noise = subject.client();
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          Subject.writeNumbers(sink, 1, COUNT / 3);
          sink.finish();
          return true;
        });
    for (int kill = 1; kill <= 2; kill++) {
      long wanted = sink.committed().position() + 3_000;
      InParallel.await(() -> positionOf(sink) >= wanted || writing.ended());
      noise.publish("noise", "between".getBytes(StandardCharsets.UTF_8));
      server.kill();
      server.restart();
    }
    assertThat(writing.join()).isTrue();
    Source source = subject.source("?jetstream&until=last");
    assertThat(Subject.read(source, COUNT / 3)).isEqualTo(Subject.numbers(1, COUNT / 3));
    assertThat(source.read()).isNull();
  }

  /** The library says so by an exception that no other failure of a server has. */
  @Test
  void whatIsAskedOverAConnectionThatHasEndedIsTriedAgain() throws Exception {
    NatsOptions options = NatsOptions.of(subject.address("?jetstream"), false);
    try (NatsConnection connection = NatsConnection.open(options, () -> {})) {
      server.kill();
      InParallel.await(() -> connection.nats().getStatus() == Connection.Status.CLOSED);
      Streams streams = new Streams(connection, options);
      assertThatExceptionOfType(PipeException.Unreachable.class).isThrownBy(streams::find);
      assertThatExceptionOfType(PipeException.Unreachable.class)
          .isThrownBy(() -> streams.last("ANY"))
          .withCauseInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void closingWakesWhoWaitsForAServerThatIsAway() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream");
    server.kill();
    long end = Subject.write(sink, "on its way", Headers.EMPTY);
    InParallel<Object> waiting = InParallel.run(() -> sink.awaitCommitted(end));
    waiting.awaitBlocked();
    sink.close();
    assertThat(waiting.failure()).isInstanceOf(PipeException.Closed.class);
    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(() -> sink.whenCommitted(end).toCompletableFuture().get())
        .withCauseInstanceOf(PipeException.Closed.class);
  }

  /** Reads to the end. */
  private static Cursor lastCursor(Source source) throws Exception {
    Cursor last = null;
    for (Batch batch = source.read(); batch != null; batch = source.read()) {
      last = batch.cursor();
      batch.close();
    }
    source.close();
    return Objects.requireNonNull(last);
  }

  private static long positionOf(Sink sink) {
    try {
      return sink.committed().position();
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }

  private static long messages(JetStreamManagement streams, String stream) {
    try {
      return streams.getStreamInfo(stream).getStreamState().getMsgCount();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** What those numbers take as records. */
  private static long lengthBytes(int from, int to) {
    return Subject.numbers(from, to).stream().mapToLong(text -> text.length() + 2).sum();
  }

  private static int countUpTo(long position) {
    int count = 0;
    while (lengthBytes(1, count) < position) {
      count++;
    }
    return count;
  }
}
