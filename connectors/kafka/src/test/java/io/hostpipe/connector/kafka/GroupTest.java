package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.testkit.InParallel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A consumer group: at least once, shared, and never lost by a sink that takes its time. */
final class GroupTest extends WithTopic {
  private static final int COUNT = 2_000;
  private static final int PARTITIONS = 4;

  @BeforeEach
  void start() throws Exception {
    topic.create(PARTITIONS, Map.of());
    produce(1, COUNT);
  }

  @Test
  void whatWasNotCommittedComesAgainAndWhatWasDoesNot() throws Exception {
    Source first = topic.source("?group=workers");
    List<String> committed = Topical.read(first, COUNT);
    produce(COUNT + 1, 2 * COUNT);
    List<String> uncommitted = new ArrayList<>();
    while (uncommitted.isEmpty()) {
      uncommitted.addAll(texts(Objects.requireNonNull(first.read())));
    }
    first.close();
    Source second = topic.source("?group=workers");
    List<String> rest = Topical.read(second, COUNT);
    assertThat(committed).containsExactlyInAnyOrderElementsOf(Topical.numbers(1, COUNT));
    assertThat(rest)
        .containsAll(uncommitted)
        .containsExactlyInAnyOrderElementsOf(Topical.numbers(COUNT + 1, 2 * COUNT));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> second.seek(new Resume(7, null, null)))
        .withMessageContaining("without group=NAME");
  }

  @Test
  void twoMembersShareThePartitionsAndLoseNothing() throws Exception {
    Queue<String> all = new ConcurrentLinkedQueue<>();
    Source first = topic.source("?group=shared");
    Source second = topic.source("?group=shared");
    InParallel<Boolean> one = InParallel.run(() -> readInto(first, all));
    InParallel<Boolean> other = InParallel.run(() -> readInto(second, all));
    InParallel.await(Topical.PATIENCE, () -> all.stream().distinct().count() == COUNT);
    first.close();
    second.close();
    assertThat(one.failure()).isInstanceOf(PipeException.Closed.class);
    assertThat(other.failure()).isInstanceOf(PipeException.Closed.class);
    assertThat(all.stream().distinct())
        .containsExactlyInAnyOrderElementsOf(Topical.numbers(1, COUNT));
  }

  /** Twice as long as a member may be silent, the sink commits nothing. */
  @Test
  void nothingGoesToAnotherMemberWhileASinkIsAway() throws Exception {
    Path settings =
        Files.writeString(folder.resolve("short.properties"), "max.poll.interval.ms=6000\n");
    Source source = topic.source("?group=slow&config=" + settings);
    List<Long> ends = new ArrayList<>();
    List<String> all = new ArrayList<>();
    while (all.size() < COUNT) {
      Batch batch = Objects.requireNonNull(source.read());
      ends.add(batch.endPosition());
      all.addAll(texts(batch));
    }
    assertThat(source.read(Duration.ofSeconds(12))).as("nothing comes again").isNull();
    source.commit(ends.getLast());
    source.close();
    Source next = topic.source("?group=slow");
    assertThat(next.read(Duration.ofSeconds(3))).as("all was committed").isNull();
    assertThat(all).containsExactlyInAnyOrderElementsOf(Topical.numbers(1, COUNT));
  }

  /** Who joined and read nothing has said where the group begins: nothing behind it is skipped. */
  @Test
  void whatIsWrittenAfterAGroupBeganAtTheEndIsReadByTheNextMember() throws Exception {
    Source first = topic.source("?group=late&from=end");
    InParallel<Batch> reading = InParallel.run(first::read);
    Admin admin = topic.admin();
    InParallel.await(Topical.PATIENCE, () -> placesOf(admin, "late") == PARTITIONS);
    first.close();
    assertThat(reading.failure()).isInstanceOf(PipeException.Closed.class);
    produce(COUNT + 1, 2 * COUNT);
    Source second = topic.source("?group=late&from=end");
    assertThat(Topical.read(second, COUNT))
        .containsExactlyInAnyOrderElementsOf(Topical.numbers(COUNT + 1, 2 * COUNT));
  }

  @Test
  void whatWasDeletedBeforeTheGroupReadItIsDataLoss() throws Exception {
    Source first = topic.source("?group=behind");
    Topical.read(first, COUNT);
    first.close();
    produce(COUNT + 1, 2 * COUNT);
    Map<TopicPartition, RecordsToDelete> all = new HashMap<>();
    for (int index = 0; index < PARTITIONS; index++) {
      all.put(new TopicPartition(topic.name(), index), RecordsToDelete.beforeOffset(-1));
    }
    topic.admin().deleteRecords(all).all().get();
    produce(2 * COUNT + 1, 3 * COUNT);
    Source strict = topic.source("?group=behind");
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> Topical.read(strict, COUNT))
        .withMessageContaining("are not there any more");
    strict.close();
    Source lenient = topic.source("?group=behind&lost=continue");
    assertThat(Topical.read(lenient, COUNT))
        .containsExactlyInAnyOrderElementsOf(Topical.numbers(2 * COUNT + 1, 3 * COUNT));
    assertThat(topic.warnings().stream().filter(text -> text.contains("are not there any more")))
        .hasSize(PARTITIONS);
  }

  private static long placesOf(Admin admin, String group) {
    try {
      return admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().size();
    } catch (ExecutionException e) {
      return 0;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** What a broker that has just begun did not take in time is sent again. */
  private void produce(int from, int to) throws InterruptedException {
    List<String> left = Topical.numbers(from, to);
    while (!left.isEmpty()) {
      KafkaProducer<String, String> producer = topic.producer();
      Map<String, Future<RecordMetadata>> sent = new LinkedHashMap<>();
      for (String each : left) {
        sent.put(each, producer.send(new ProducerRecord<>(topic.name(), each, each)));
      }
      producer.flush();
      List<String> failed = new ArrayList<>();
      for (Map.Entry<String, Future<RecordMetadata>> each : sent.entrySet()) {
        try {
          each.getValue().get();
        } catch (ExecutionException e) {
          failed.add(each.getKey());
        }
      }
      left = failed;
    }
  }

  private static boolean readInto(Source source, Queue<String> all) throws Exception {
    while (true) {
      Batch batch = Objects.requireNonNull(source.read());
      long end = batch.endPosition();
      all.addAll(texts(batch));
      source.commit(end);
    }
  }

  /** Closes the batch. */
  private static List<String> texts(Batch batch) throws IOException {
    List<String> all = new ArrayList<>();
    try (batch) {
      batch.forEach((end, payload, headers) ->
          all.add(StandardCharsets.UTF_8.decode(payload.duplicate()).toString()));
    }
    return all;
  }
}
