package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

/** One stream in all partitions of a topic, by the keys of its messages: in order within each. */
final class ByKeyTest extends WithTopic {
  private static final int PARTITIONS = 4;
  private static final int KEYS = 10;

  @Test
  void eachKeyIsInOnePartitionInItsOrderAndIsThereOnceAfterAWriterWasReplaced() throws Exception {
    try (Sink first = topic.sink("keys", "?by-key=true&partitions=4")) {
      write(first, 1, 1_000);
      first.awaitCommitted(first.resume().position());
      // On its way, or not: the next one finds out.
      write(first, 1_001, 1_500);
    }
    try (Sink second = topic.sink("keys", "?by-key=true")) {
      int next = 1;
      while (positionBehind(next - 1) < second.resume().position()) {
        next++;
      }
      assertThat(next).isBetween(1_001, 1_501);
      write(second, next, 2_000);
      second.finish();
    }
    Map<String, Integer> partitionOf = new HashMap<>();
    Map<String, List<Integer>> numbersOf = new HashMap<>();
    for (int index = 0; index < PARTITIONS; index++) {
      for (ConsumerRecord<String, String> each : topic.stored(index)) {
        String key = each.key() == null ? "none" : each.key();
        assertThat(partitionOf.putIfAbsent(key, index)).as(key).isIn(index, null);
        numbersOf.computeIfAbsent(key, k -> new ArrayList<>()).add(Integer.parseInt(each.value()));
      }
    }
    assertThat(partitionOf.values().stream().distinct()).hasSizeGreaterThan(1);
    for (int key = 0; key < KEYS; key++) {
      int rest = key;
      assertThat(numbersOf.get(key == 0 ? "none" : "key" + key))
          .isEqualTo(
              IntStream.rangeClosed(1, 2_000).filter(n -> n % KEYS == rest).boxed().toList());
    }
    assertThat(topic.warnings())
        .anyMatch(text -> text.contains("the order is kept among messages of one key"));
  }

  /** Who joins the two by key finds them together. */
  @Test
  void aKeyIsWhereOtherProgramsPutIt() throws Exception {
    try (Sink sink = topic.sink("keys", "?by-key=true&partitions=4")) {
      write(sink, 1, 100);
      sink.finish();
    }
    try (var producer = topic.producer()) {
      for (int key = 1; key < KEYS; key++) {
        producer.send(new ProducerRecord<>(topic.name(), "key" + key, "theirs")).get();
      }
    }
    for (int index = 0; index < PARTITIONS; index++) {
      List<ConsumerRecord<String, String>> all = topic.stored(index);
      assertThat(all.stream().filter(each -> each.value().equals("theirs")).map(r -> r.key()))
          .allMatch(key ->
              all.stream().anyMatch(r -> key.equals(r.key()) && !r.value().equals("theirs")));
    }
  }

  /** What a reader checks in each partition is there, whichever batches touched it. */
  @Test
  void aReaderOfOnePartitionFindsNoGap() throws Exception {
    for (int run = 0; run < 3; run++) {
      try (Sink sink = topic.sink("keys", "?by-key=true&partitions=4")) {
        write(sink, 1 + run * 200, 200 + run * 200);
        sink.finish();
      }
    }
    int count = 0;
    for (int index = 0; index < PARTITIONS; index++) {
      Source source = topic.source("?until=last&partition=" + index);
      count += Topical.read(source, Integer.MAX_VALUE).size();
    }
    assertThat(count).isEqualTo(600);
  }

  @Test
  void aStreamThatBeganOneWayDoesNotGoOnTheOther() throws Exception {
    try (Sink sink = topic.sink("keys", "?by-key=true&partitions=4")) {
      write(sink, 1, 100);
      sink.finish();
    }
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> topic.sink("keys", ""))
        .withMessageContaining("spread over the partitions by key already: add by-key");
    try (Sink sink = topic.sink("one", "")) {
      write(sink, 1, 100);
      sink.finish();
    }
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> topic.sink("one", "?by-key=true"))
        .withMessageContaining("already: leave by-key out");
  }

  @Test
  void bytesAndOnePartitionHaveNoUseForIt() throws Exception {
    Target target = topic.target("?by-key=true");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> target.open(new StreamId("bytes"), Encoding.RAW))
        .withMessageContaining("bytes have no keys");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> topic.target("?by-key=true&partition=1"))
        .withMessageContaining("partition names one");
  }

  /** Numbers, each with the key of its last digit; those that end with 0 have none. */
  private static void write(Sink sink, int from, int to)
      throws PipeException, InterruptedException {
    int next = from;
    while (next <= to) {
      try (BatchWriter batch = sink.newBatch(8 << 10)) {
        for (int count = 0; count < 37 && next <= to; count++) {
          batch.add(payload(next), headers(next));
          next++;
        }
        sink.write(batch);
      }
    }
  }

  private static long positionBehind(int number) {
    long position = 0;
    for (int each = 1; each <= number; each++) {
      position +=
          io.hostpipe.Records.lengthBytes(payload(each).remaining(), headers(each).lengthBytes());
    }
    return position;
  }

  private static ByteBuffer payload(int number) {
    return ByteBuffer.wrap(("" + number).getBytes(StandardCharsets.UTF_8));
  }

  private static Headers headers(int number) {
    return number % KEYS == 0
        ? Headers.EMPTY
        : Headers.builder().add(Headers.KEY, "key" + number % KEYS).build();
  }
}
