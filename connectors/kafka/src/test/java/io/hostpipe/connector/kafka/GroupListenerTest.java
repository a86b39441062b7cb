package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.InParallel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The partitions of a group as accepted pipes. */
final class GroupListenerTest extends WithTopic {
  private static final int PARTITIONS = 2;
  private static final int COUNT = 100;
  private static final Duration PATIENT = Duration.ofSeconds(1);

  @BeforeEach
  void start() throws Exception {
    topic.create(PARTITIONS, Map.of());
    produce(1, COUNT);
  }

  @Test
  void eachPartitionIsAStreamOfItsOwnInItsOrder() throws Exception {
    try (Listener listener = topic.listener("?group=g")) {
      TreeSet<String> streams = new TreeSet<>();
      for (Pipe pipe : accept(listener, PARTITIONS)) {
        streams.add(pipe.source().stream().value());
        assertThat(read(pipe.source(), COUNT)).isEqualTo(Topical.numbers(1, COUNT));
        pipe.close();
      }
      assertThat(streams)
          .containsExactly("kafka:" + topic.name() + ":0", "kafka:" + topic.name() + ":1");
    }
    assertThat(places("g")).containsExactlyInAnyOrder((long) COUNT, (long) COUNT);
  }

  @Test
  void aPipeThatFailedIsGivenAgainFromItsPlace() throws Exception {
    try (Listener listener = topic.listener("?group=g")) {
      List<Pipe> both = accept(listener, PARTITIONS);
      Pipe failing = both.getFirst();
      Source source = failing.source();
      source.seek(Resume.START);
      Batch batch = Objects.requireNonNull(source.read());
      Cursor cursor = Objects.requireNonNull(batch.cursor());
      long end = batch.endPosition();
      batch.close();
      // The sink has it, and its process fails before anybody hears so.
      source.abort("no room left");
      failing.close();
      Pipe again = listener.accept();
      assertThat(again.source().stream()).isEqualTo(source.stream());
      again.source().seek(new Resume(end, cursor, null));
      produce(COUNT + 1, COUNT + 10);
      assertThat(read(again.source(), 10)).isEqualTo(Topical.numbers(COUNT + 1, COUNT + 10));
      again.close();
      both.getLast().close();
    }
  }

  @Test
  void aPipeGivenAgainToWhatKeepsNoPlaceGoesOnBehindWhatItCommitted() throws Exception {
    try (Listener listener = topic.listener("?group=g")) {
      List<Pipe> both = accept(listener, PARTITIONS);
      Pipe failing = both.getFirst();
      assertThat(read(failing.source(), COUNT)).isEqualTo(Topical.numbers(1, COUNT));
      failing.source().abort("its connection broke");
      failing.close();
      Pipe again = listener.accept();
      produce(COUNT + 1, COUNT + 10);
      assertThat(read(again.source(), 10)).isEqualTo(Topical.numbers(COUNT + 1, COUNT + 10));
      again.close();
      both.getLast().close();
    }
  }

  /** The patience begins with the first failure, however long nothing was read before it. */
  @Test
  void aPartitionIsGivenUpWhenItFailsAgainAndNotBefore() throws Exception {
    Duration patience = Duration.ofMillis(1);
    RetryPolicy impatient =
        new RetryPolicy(patience, Integer.MAX_VALUE, patience.multipliedBy(2), PATIENT);
    try (Listener listener = topic.listener("?group=g", impatient)) {
      List<Pipe> both = accept(listener, PARTITIONS);
      both.getFirst().source().abort("its disk is full");
      both.getFirst().close();
      Pipe again = listener.accept();
      again.source().abort("its disk is full");
      again.close();
      assertThatExceptionOfType(PipeException.Unreachable.class)
          .isThrownBy(listener::accept)
          .withMessageContaining("is given up")
          .withMessageContaining("its disk is full");
      both.getLast().close();
    }
  }

  /** With nothing kept, the group's own place is used, and what was not committed comes again. */
  @Test
  void whoComesLaterTakesOverWithoutAFailureAndInOrder() throws Exception {
    try (Listener first = topic.listener("?group=g")) {
      List<Pipe> both = accept(first, PARTITIONS);
      for (Pipe pipe : both) {
        read(pipe.source(), COUNT);
      }
      InParallel<Object> one = InParallel.run(() -> readToItsEnd(both.getFirst()));
      InParallel<Object> other = InParallel.run(() -> readToItsEnd(both.getLast()));
      try (Listener second = topic.listener("?group=g")) {
        Pipe taken = second.accept();
        InParallel.await(Topical.PATIENCE, () -> one.ended() || other.ended());
        InParallel<Object> ended = one.ended() ? one : other;
        assertThat(ended.failure())
            .isInstanceOf(PipeException.Closed.class)
            .hasMessageContaining("belongs to another member")
            .satisfies(e -> assertThat(((PipeException) e).status()).isEqualTo(Status.OK));
        produce(COUNT + 1, COUNT + 10);
        assertThat(read(taken.source(), 10)).isEqualTo(Topical.numbers(COUNT + 1, COUNT + 10));
        taken.close();
      }
      both.forEach(Pipe::close);
    }
  }

  @Test
  void aDestinationThatIsBehindTheGroupGetsItAgainAndIsTold() throws Exception {
    try (Listener listener = topic.listener("?group=g")) {
      for (Pipe pipe : accept(listener, PARTITIONS)) {
        read(pipe.source(), COUNT);
        pipe.close();
      }
    }
    try (Listener listener = topic.listener("?group=g")) {
      List<Pipe> both = accept(listener, PARTITIONS);
      Source source = both.getFirst().source();
      String id =
          Objects.requireNonNull(
                  topic
                      .admin()
                      .describeTopics(List.of(topic.name()))
                      .allTopicNames()
                      .get()
                      .get(topic.name()))
              .topicId()
              .toString();
      int index = source.stream().value().endsWith(":0") ? 0 : 1;
      source.seek(new Resume(77, new OffsetCursor(id, index, 50).toCursor(), null));
      assertThat(readOn(source, COUNT - 50)).isEqualTo(Topical.numbers(51, COUNT));
      assertThat(topic.warnings()).anyMatch(text -> text.contains("the group is at offset 100"));
      both.forEach(Pipe::close);
    }
  }

  @Test
  void whatNoTryMendsEndsTheListenerAndAllItsPipes() throws Exception {
    try (Listener listener = topic.listener("?group=g")) {
      List<Pipe> both = accept(listener, PARTITIONS);
      Source source = both.getFirst().source();
      source.seek(new Resume(77, new OffsetCursor("another", 0, 50).toCursor(), null));
      assertThatExceptionOfType(PipeException.Refused.class).isThrownBy(source::read);
      assertThatExceptionOfType(PipeException.Refused.class).isThrownBy(listener::accept);
      InParallel<Object> other = InParallel.run(() -> readToItsEnd(both.getLast()));
      assertThat(other.failure()).isInstanceOf(PipeException.Refused.class);
      both.forEach(Pipe::close);
    }
  }

  @Test
  void closingWakesWhoWaits() throws Exception {
    Listener listener = topic.listener("?group=g");
    accept(listener, PARTITIONS).forEach(Pipe::close);
    // Those come again, and are not taken.
    InParallel<Object> waiting =
        InParallel.run(() -> {
          while (true) {
            listener.accept();
          }
        });
    waiting.awaitBlocked();
    listener.close();
    assertThat(waiting.failure())
        .isInstanceOf(PipeException.Closed.class)
        .hasMessageContaining("was closed on this side");
  }

  @Test
  void aGroupIsReadAndNotWritten() throws Exception {
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> topic.listenerBothWays("?group=g"))
        .withMessageContaining("is a group, which reads");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> topic.source("?merged=true"))
        .withMessageContaining("merged is how a group is read");
  }

  private static List<Pipe> accept(Listener listener, int count) throws Exception {
    List<Pipe> pipes = new ArrayList<>();
    while (pipes.size() < count) {
      pipes.add(listener.accept());
    }
    return pipes;
  }

  /** So many from where the group is. */
  private static List<String> read(Source source, int count) throws Exception {
    source.seek(Resume.START);
    return readOn(source, count);
  }

  private static List<String> readOn(Source source, int count) throws Exception {
    List<String> all = new ArrayList<>();
    while (all.size() < count) {
      try (Batch batch = Objects.requireNonNull(source.read())) {
        batch.forEach((end, payload, headers) ->
            all.add(StandardCharsets.UTF_8.decode(payload.duplicate()).toString()));
        source.commit(batch.endPosition());
      }
    }
    return all;
  }

  /** Until it throws; then its pipe is closed, as whoever handles one does. */
  private static Object readToItsEnd(Pipe pipe) throws Exception {
    try (pipe) {
      while (true) {
        Batch batch = pipe.source().read(Duration.ofSeconds(1));
        if (batch != null) {
          pipe.source().commit(batch.endPosition());
          batch.close();
        }
      }
    }
  }

  private List<Long> places(String group) throws Exception {
    return topic.places(topic.admin(), group);
  }

  /** Those numbers into each partition. */
  private void produce(int from, int to) throws Exception {
    Map<TopicPartition, List<String>> due = new HashMap<>();
    for (int index = 0; index < PARTITIONS; index++) {
      due.put(new TopicPartition(topic.name(), index), Topical.numbers(from, to));
    }
    KafkaProducer<String, String> producer = topic.producer();
    for (Map.Entry<TopicPartition, List<String>> each : due.entrySet()) {
      for (String text : each.getValue()) {
        producer
            .send(new ProducerRecord<>(topic.name(), each.getKey().partition(), null, text))
            .get();
      }
    }
  }
}
