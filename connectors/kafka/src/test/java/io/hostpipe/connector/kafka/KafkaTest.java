package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.testkit.InParallel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.junit.jupiter.api.Test;

/** A topic of Kafka: once, through breaks and kills, and nothing of it changed silently. */
final class KafkaTest extends WithTopic {
  private static final int COUNT = 12_000;

  @Test
  void everyMessageIsThereOnceAfterTheBrokerWasKilledTwice() throws Exception {
    Sink sink = topic.sink("numbers", "");
    AtomicBoolean killing = new AtomicBoolean(true);
    InParallel<Integer> writing =
        InParallel.run(() -> {
          int last = Topical.writeNumbersWhile(killing::get, sink, COUNT);
          sink.finish();
          return last;
        });
    for (int kill = 1; kill <= 2; kill++) {
      long wanted = sink.committed().position() + 8_000;
      InParallel.await(Topical.PATIENCE, () -> positionOf(sink) >= wanted || writing.ended());
      assertThat(writing.ended()).as("what is killed is at work").isFalse();
      server.kill();
      server.restart();
    }
    killing.set(false);
    InParallel.await(Topical.PATIENCE, writing::ended);
    int last = writing.join();
    assertThat(topic.stored()).isEqualTo(Topical.numbers(1, last));
  }

  @Test
  void theEndIsMarkedOnceThoughTheBrokerIsKilledMeanwhile() throws Exception {
    Sink sink = topic.sink("numbers", "?end=mark");
    Topical.writeNumbers(sink, 1, 1_000);
    // Whatever finish asks for is not answered before the kill.
    server.pause();
    InParallel<Boolean> finishing =
        InParallel.run(() -> {
          sink.finish();
          return true;
        });
    finishing.awaitBlocked();
    server.kill();
    server.restart();
    assertThat(finishing.join()).isTrue();
    List<String> wanted = new ArrayList<>(Topical.numbers(1, 1_000));
    assertThat(Topical.read(topic.source("?until=mark"), 2_000)).isEqualTo(wanted);
    wanted.add("");
    assertThat(topic.stored()).isEqualTo(wanted);
  }

  @Test
  void aWriterThatWasKilledGoesOnWhereTheTopicEnds() throws Exception {
    Sink first = topic.sink("numbers", "");
    Topical.writeNumbers(first, 1, 1_000);
    // As a kill does: nobody waits for what is on its way.
    first.close();
    Sink second = topic.sink("numbers", "");
    Resume held = second.resume();
    int stored = topic.stored().size();
    assertThat(held.position()).isEqualTo(Topical.lengthBytes(1, stored));
    Topical.writeNumbers(second, stored + 1, 2_000);
    second.finish();
    assertThat(topic.stored()).isEqualTo(Topical.numbers(1, 2_000));
    assertThat(topic.target("").held(new StreamId("numbers")))
        .isNotNull()
        .satisfies(there -> assertThat(there.position()).isEqualTo(Topical.lengthBytes(1, 2_000)));
  }

  @Test
  void twoWritersOfOneStreamNeverMix() throws Exception {
    Sink first = topic.sink("numbers", "");
    Topical.writeNumbers(first, 1, 100);
    first.awaitCommitted(first.resume().position());
    Sink second = topic.sink("numbers", "");
    Topical.writeNumbers(second, 501, 600);
    second.finish();
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> {
          Topical.writeNumbers(first, 101, 300);
          first.finish();
        })
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.ABORTED))
        .withMessageContaining("another process writes the stream numbers as well");
    List<String> wanted = new ArrayList<>(Topical.numbers(1, 100));
    wanted.addAll(Topical.numbers(501, 600));
    assertThat(topic.stored()).isEqualTo(wanted);
  }

  @Test
  void aLaterEpochFencesAnEarlierOne() throws Exception {
    Sink first = topic.sink("numbers", "");
    first.fence(1);
    Topical.write(first, "of the first", Headers.EMPTY);
    first.awaitCommitted(first.resume().position());
    Sink second = topic.sink("numbers", "");
    second.fence(2);
    Topical.write(second, "of the second", Headers.EMPTY);
    second.finish();
    Topical.write(first, "of a zombie", Headers.EMPTY);
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(first::finish)
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.ABORTED));
    Sink third = topic.sink("numbers", "");
    assertThatExceptionOfType(PipeException.Refused.class).isThrownBy(() -> third.fence(1));
    assertThat(topic.stored()).containsExactly("of the first", "of the second");
  }

  @Test
  void severalStreamsAndForeignWritersShareATopicAndKeepTheirPlaces() throws Exception {
    Sink letters = topic.sink("letters", "");
    Sink numbers = topic.sink("numbers", "");
    Topical.writeNumbers(numbers, 1, 500);
    Topical.write(letters, "a", Headers.EMPTY);
    topic.producer().send(new ProducerRecord<>(topic.name(), 0, null, "foreign")).get();
    letters.finish();
    numbers.finish();
    Sink again = topic.sink("letters", "");
    assertThat(again.resume().position()).isEqualTo(3);
    Topical.write(again, "b", Headers.EMPTY);
    again.finish();
    List<String> stored = new ArrayList<>(topic.stored());
    assertThat(stored).hasSize(503).contains("foreign").endsWith("b");
    stored.removeAll(List.of("a", "b", "foreign"));
    assertThat(stored).isEqualTo(Topical.numbers(1, 500));
  }

  @Test
  void aPlaceThatTheBrokersForgotIsFoundInTheNewestMessages() throws Exception {
    Sink sink = topic.sink("numbers", "");
    Topical.writeNumbers(sink, 1, 300);
    sink.finish();
    sink.close();
    topic
        .admin()
        .deleteConsumerGroups(List.of(Place.nameOf(new StreamId("numbers"), topic.name())))
        .all()
        .get();
    Sink again = topic.sink("numbers", "");
    assertThat(again.resume().position()).isEqualTo(Topical.lengthBytes(1, 300));
  }

  @Test
  void aTopicThatIsDeletedIsNotMadeAgainSilently() throws Exception {
    Sink sink = topic.sink("numbers", "");
    Topical.writeNumbers(sink, 1, 100);
    sink.awaitCommitted(sink.resume().position());
    Admin admin = topic.admin();
    admin.deleteTopics(List.of(topic.name())).all().get();
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> {
          Topical.writeNumbers(sink, 101, 200);
          sink.finish();
        })
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.NOT_FOUND))
        .withMessageContaining("was deleted while it was written");
  }

  @Test
  void aReaderGoesOnFromItsCursorAndSeesNothingThatWasNotCommitted() throws Exception {
    KafkaProducer<String, String> foreign = topic.producer("open-transaction");
    Sink sink = topic.sink("numbers", "");
    Topical.writeNumbers(sink, 1, 500);
    foreign.initTransactions();
    foreign.beginTransaction();
    var _ = foreign.send(new ProducerRecord<>(topic.name(), 0, null, "aborted"));
    foreign.flush();
    foreign.abortTransaction();
    Topical.writeNumbers(sink, 501, 1_000);
    sink.finish();
    Source first = topic.source("?until=last");
    Cursor cursor;
    long position;
    try (Batch batch = Objects.requireNonNull(first.read())) {
      cursor = batch.cursor();
      position = batch.endPosition();
    }
    first.close();
    int read = countUpTo(position);
    Source second = topic.source("?until=last");
    assertThat(second.seek(new Resume(position, cursor, null))).isFalse();
    assertThat(Topical.read(second, 2_000)).isEqualTo(Topical.numbers(read + 1, 1_000));
    assertThat(second.read()).isNull();
    assertThat(Topical.read(topic.source("?until=last&from=990"), 100).getLast()).isEqualTo("1000");
    assertThat(topic.source("?until=last&from=end").read()).isNull();
  }

  @Test
  void aReaderSurvivesItsBroker() throws Exception {
    Sink sink = topic.sink("numbers", "");
    Source source = topic.source("");
    Queue<String> all = new ConcurrentLinkedQueue<>();
    AtomicBoolean killing = new AtomicBoolean(true);
    InParallel<Integer> writing =
        InParallel.run(() -> Topical.writeNumbersWhile(killing::get, sink, 1_000));
    InParallel<Object> reading =
        InParallel.run(() -> {
          while (true) {
            all.addAll(Topical.read(source, 1));
          }
        });
    InParallel.await(Topical.PATIENCE, () -> all.size() >= 1_000);
    server.kill();
    server.restart();
    int before = all.size();
    InParallel.await(Topical.PATIENCE, () -> all.size() > before + 1_000);
    killing.set(false);
    int last = writing.join();
    InParallel.await(Topical.PATIENCE, () -> all.size() >= last);
    source.close();
    assertThat(reading.failure()).isInstanceOf(PipeException.Closed.class);
    assertThat(all).containsExactlyElementsOf(Topical.numbers(1, last));
  }

  @Test
  void whatWasDeletedBeforeItWasReadIsDataLoss() throws Exception {
    Sink sink = topic.sink("numbers", "");
    Topical.writeNumbers(sink, 1, 100);
    sink.awaitCommitted(sink.resume().position());
    Source first = topic.source("?until=last");
    Cursor cursor = null;
    for (Batch batch = first.read(); batch != null; batch = first.read()) {
      cursor = batch.cursor();
      batch.close();
    }
    Topical.writeNumbers(sink, 101, 300);
    sink.finish();
    topic
        .admin()
        .deleteRecords(
            Map.of(new TopicPartition(topic.name(), 0), RecordsToDelete.beforeOffset(200)))
        .all()
        .get();
    Resume held = new Resume(Topical.lengthBytes(1, 100), cursor, null);
    Source strict = topic.source("?until=last");
    strict.seek(held);
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(strict::read)
        .withMessageContaining("to 199 of partition 0 are not there any more");
    Source lenient = topic.source("?until=last&lost=continue");
    lenient.seek(held);
    assertThat(Topical.read(lenient, 1_000)).endsWith("300").hasSizeLessThan(200);
    assertThat(topic.warnings()).anyMatch(text -> text.contains("are not there any more"));
  }

  @Test
  void aReaderThatIsOvertakenByADeletionSaysSo() throws Exception {
    Sink sink = topic.sink("numbers", "");
    Source strict = topic.source("");
    Source lenient = topic.source("?lost=continue");
    for (int from = 1; from <= 400; from += 100) {
      Topical.writeNumbers(sink, from, from + 99);
      sink.awaitCommitted(sink.resume().position());
      if (from == 1) {
        assertThat(Topical.read(strict, 100)).endsWith("100");
        assertThat(Topical.read(lenient, 100)).endsWith("100");
      }
    }
    topic
        .admin()
        .deleteRecords(
            Map.of(new TopicPartition(topic.name(), 0), RecordsToDelete.beforeOffset(350)))
        .all()
        .get();
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> Topical.read(strict, 300))
        .withMessageContaining("to 349 of partition 0 are not there any more");
    List<String> rest = new ArrayList<>();
    while (!rest.contains("400")) {
      rest.addAll(Topical.read(lenient, 1));
    }
    assertThat(rest).hasSizeLessThan(300);
    assertThat(topic.warnings()).anyMatch(text -> text.contains("are not there any more"));
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> topic.source("?from=7").read())
        .withMessageContaining("offsets 7 to 349");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> topic.source("?from=9000").read())
        .withMessageContaining("before from=9000");
  }

  @Test
  void aTopicThatWasMadeAgainIsAnotherOne() throws Exception {
    Sink sink = topic.sink("numbers", "");
    Topical.writeNumbers(sink, 1, 10);
    sink.finish();
    Source first = topic.source("?until=last");
    Cursor cursor;
    try (Batch batch = Objects.requireNonNull(first.read())) {
      cursor = batch.cursor();
    }
    Admin admin = topic.admin();
    admin.deleteTopics(List.of(topic.name())).all().get();
    InParallel.await(Topical.PATIENCE, () -> made(admin));
    Source second = topic.source("?until=last");
    second.seek(new Resume(Topical.lengthBytes(1, 10), cursor, null));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(second::read)
        .withMessageContaining("was deleted and made again");
  }

  @Test
  void keysTimesAndHeadersAreThoseOfKafka() throws Exception {
    Sink sink = topic.sink("numbers", "");
    Headers headers =
        Headers.builder()
            .add(Headers.KEY, "customer 7")
            .add(Headers.TIME, "2026-11-28T12:00:00.123456Z")
            .add(Headers.CONTENT_TYPE, "text/plain")
            .add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
            .build();
    Topical.write(sink, "with", headers);
    sink.finish();
    ConsumerRecord<String, String> stored = topic.stored(0).getFirst();
    assertThat(stored.key()).isEqualTo("customer 7");
    assertThat(stored.timestamp()).isEqualTo(1_795_867_200_123L);
    assertThat(
            new String(stored.headers().lastHeader("content-type").value(), StandardCharsets.UTF_8))
        .isEqualTo("text/plain");
    assertThat(Topical.readHeaders(topic.source("?until=last"))).isEqualTo(headers);
  }

  /** Brokers refuse a whole transaction for a time that is too far from theirs. */
  @Test
  void aTimeThatTheTopicDoesNotTakeStaysInItsHeader() throws Exception {
    Sink sink = topic.sink("numbers", "");
    Headers headers = Headers.of(Headers.TIME, "2126-11-28T12:00:00Z");
    Topical.write(sink, "of another century", headers);
    sink.finish();
    assertThat(topic.stored()).containsExactly("of another century");
    assertThat(Topical.readHeaders(topic.source("?until=last&time"))).isEqualTo(headers);
  }

  @Test
  void aMessageThatTheBrokerWouldRefuseAgainEndsThePipe() throws Exception {
    topic.create(1, Map.of("cleanup.policy", "compact"));
    Sink sink = topic.sink("numbers", "?end=mark");
    Topical.write(sink, "with", Headers.of(Headers.KEY, "key"));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(sink::finish)
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.FAILED_PRECONDITION));
  }

  @Test
  void settingsThatKafkaCannotUseAreSaidAtOnce() throws Exception {
    Path settings =
        Files.writeString(
            folder.resolve("bad.properties"),
            "security.protocol=SSL\nssl.truststore.location=/nowhere\n");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> topic.sink("numbers", "?config=" + settings))
        .withMessageContaining("config=PATH");
  }

  @Test
  void messagesOfAForeignClientAreReadWithWhatTheyHave() throws Exception {
    topic.create(1, Map.of());
    topic
        .producer()
        .send(
            new ProducerRecord<>(
                topic.name(),
                0,
                1_795_867_200_000L,
                "key",
                null,
                List.of(new RecordHeader("source", "kcat".getBytes(StandardCharsets.UTF_8)))))
        .get();
    assertThat(Topical.readHeaders(topic.source("?until=last&time")))
        .isEqualTo(
            Headers.builder()
                .add(Headers.KEY, "key")
                .add(Headers.TIME, "2026-11-28T12:00:00Z")
                .add(KafkaHeaders.NULL, "")
                .add("source", "kcat")
                .build());
  }

  @Test
  void aMessageThatIsTooLongIsRejectedAndTheOthersGoOn() throws Exception {
    topic.create(1, Map.of("max.message.bytes", "4096"));
    Sink sink = topic.sink("numbers", "");
    Topical.write(sink, "good", Headers.EMPTY);
    long bad = Topical.write(sink, "x".repeat(5_000), Headers.EMPTY);
    long end = Topical.write(sink, "good again", Headers.EMPTY);
    assertThat(sink.awaitCommitted(end).rejected())
        .singleElement()
        .satisfies(rejected -> {
          assertThat(rejected.endPosition()).isEqualTo(bad);
          assertThat(rejected.why().reason()).contains("max.message.bytes");
        });
    sink.finish();
    assertThat(topic.stored()).containsExactly("good", "good again");
    assertThat(Topical.read(topic.source("?until=last"), 3)).containsExactly("good", "good again");
  }

  @Test
  void whatTheTopicHasComeToFindTooLongIsRefusedByTheNextWriter() throws Exception {
    topic.create(1, Map.of("max.message.bytes", "8192"));
    Sink sink = topic.sink("numbers", "");
    long good = Topical.write(sink, "good", Headers.EMPTY);
    sink.awaitCommitted(good);
    ConfigResource changed = new ConfigResource(ConfigResource.Type.TOPIC, topic.name());
    ConfigEntry limit = new ConfigEntry("max.message.bytes", "4096");
    topic
        .admin()
        .incrementalAlterConfigs(
            Map.of(changed, List.of(new AlterConfigOp(limit, AlterConfigOp.OpType.SET))))
        .all()
        .get();
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(
            () -> sink.awaitCommitted(Topical.write(sink, "x".repeat(6_000), Headers.EMPTY)))
        .withMessageContaining("if the topic has come to take less (max.message.bytes)");
    sink.close();
    Sink next = topic.sink("numbers", "");
    assertThat(next.resume().position()).isEqualTo(good);
    Topical.write(next, "x".repeat(6_000), Headers.EMPTY);
    long end = Topical.write(next, "good again", Headers.EMPTY);
    assertThat(next.awaitCommitted(end).rejected()).hasSize(1);
    next.finish();
    assertThat(topic.stored()).containsExactly("good", "good again");
  }

  @Test
  void bytesGoIntoATopicOfSmallMessages() throws Exception {
    topic.create(1, Map.of("max.message.bytes", "2000"));
    String text = "y".repeat(5_000);
    try (Sink sink = topic.target("").open(new StreamId("bytes"), Encoding.RAW)) {
      Topical.write(sink, text, Headers.EMPTY);
      sink.finish();
    }
    assertThat(String.join("", topic.stored())).isEqualTo(text);
  }

  /** A restart finds what was said to be committed, and a reader misses nothing there. */
  @Test
  void aStreamWhoseNewestMessagesWereAllRejectedGoesOnBehindThem() throws Exception {
    topic.create(1, Map.of("max.message.bytes", "4096"));
    for (String stream : List.of("first", "second")) {
      Sink sink = topic.sink(stream, "");
      sink.awaitCommitted(Topical.write(sink, "x".repeat(5_000), Headers.EMPTY));
      sink.awaitCommitted(Topical.write(sink, "good", Headers.EMPTY));
      long bad = Topical.write(sink, "x".repeat(5_000), Headers.EMPTY);
      sink.awaitCommitted(bad);
      sink.close();
      Sink again = topic.sink(stream, "");
      assertThat(again.resume().position()).isEqualTo(bad);
      Topical.write(again, "good again", Headers.EMPTY);
      again.finish();
    }
    assertThat(Topical.read(topic.source("?until=last"), 5))
        .containsExactly("good", "good again", "good", "good again");
  }

  @Test
  void whatIsThereIsLookedAtAndNeverChanged() throws Exception {
    topic.create(3, Map.of("cleanup.policy", "compact,delete", "retention.ms", "3600000"));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> topic.sink("any", "?partitions=2"))
        .withMessageContaining("has 3 partitions, not 2");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> topic.source("").read())
        .withMessageContaining("the topic has 3 partitions");
    Sink sink = topic.sink("any", "?partition=1");
    assertThat(topic.warnings())
        .anyMatch(text -> text.contains("deletes messages after 3600 s"))
        .anyMatch(text -> text.contains("is compacted"));
    Topical.write(sink, "with", Headers.of(Headers.KEY, "key"));
    long end = Topical.write(sink, "without", Headers.EMPTY);
    assertThat(sink.awaitCommitted(end).rejected()).hasSize(1);
    sink.close();
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> topic.sink("any", "?partition=2"))
        .withMessageContaining("is in partition 1 already");
    Sink again = topic.sink("any", "");
    assertThat(again.resume().position()).as("found in its partition").isEqualTo(end);
    assertThat(topic.stored(1)).hasSize(1);
  }

  @Test
  void closingWakesWhoWaitsForABrokerThatIsAway() throws Exception {
    Sink sink = topic.sink("numbers", "");
    server.pause();
    try {
      long end = Topical.write(sink, "on its way", Headers.EMPTY);
      InParallel<Object> waiting = InParallel.run(() -> sink.awaitCommitted(end));
      waiting.awaitBlocked();
      sink.close();
      assertThat(waiting.failure()).isInstanceOf(PipeException.Closed.class);
    } finally {
      server.goOn();
    }
  }

  private boolean made(Admin admin) {
    try {
      admin.createTopics(List.of(new NewTopic(topic.name(), 1, (short) 1))).all().get();
      return true;
    } catch (Exception e) {
      return false;
    }
  }

  private static long positionOf(Sink sink) {
    try {
      return sink.committed().position();
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }

  private static int countUpTo(long position) {
    int count = 0;
    while (Topical.lengthBytes(1, count) < position) {
      count++;
    }
    return count;
  }
}
