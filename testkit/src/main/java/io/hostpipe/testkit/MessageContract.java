package io.hostpipe.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is written comes out: all of it, once, in order, with its borders, headers and places. */
public interface MessageContract extends ContractTests {
  @Test
  default void carriesHeadersAndKeysUntouched() throws Exception {
    ContractWay way = openMessages();
    Headers headers =
        Headers.builder()
            .add(Headers.KEY, new byte[] {0, -1, 10, 13})
            .add("content-kind", "schlüssel ✓")
            .add("content-kind", "")
            .add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
            .build();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    try (BatchWriter batch = way.sink().newBatch(0)) {
      assertThat(batch.add(bytes("with"), headers)).isTrue();
      assertThat(batch.add(bytes("without"), Headers.EMPTY)).isTrue();
      way.sink().write(batch);
    }
    way.sink().finish();
    Received received = reading.join();
    assertThat(received.texts()).containsExactly("with", "without");
    assertThat(received.items().getFirst().headers()).isEqualTo(headers);
    assertThat(received.items().getLast().headers().isEmpty()).isTrue();
  }

  @Test
  default void carriesEmptyMessages() throws Exception {
    ContractWay way = openMessages();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    assertThat(write(way.sink(), "", "", "between", "")).isEqualTo(2 + 2 + 9 + 2);
    assertThat(write(way.sink(), "")).isEqualTo(17);
    way.sink().finish();
    Received received = reading.join();
    assertThat(received.texts()).containsExactly("", "", "between", "", "");
    assertThat(received.endPosition()).isEqualTo(17);
  }

  @Test
  default void keepsBordersAndOrder() throws Exception {
    ContractWay way = openMessages();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    Random random = new Random(4711);
    List<ByteBuffer> sent = new ArrayList<>();
    List<Long> positions = new ArrayList<>();
    long position = 0;
    for (int each = 0; each < 500; each++) {
      try (BatchWriter batch = way.sink().newBatch(64 << 10)) {
        for (int count = random.nextInt(10); count >= 0; count--) {
          byte[] payload = new byte[random.nextInt(5_000)];
          random.nextBytes(payload);
          assertThat(batch.add(ByteBuffer.wrap(payload))).isTrue();
          sent.add(ByteBuffer.wrap(payload));
          position += Records.lengthBytes(payload.length, 0);
          positions.add(position);
        }
        assertThat(way.sink().write(batch)).isEqualTo(position);
      }
    }
    way.sink().finish();
    Received received = reading.join();
    assertThat(received.items()).hasSameSizeAs(sent);
    for (int index = 0; index < sent.size(); index++) {
      Received.Item item = received.items().get(index);
      assertThat(item.payload()).isEqualTo(sent.get(index));
      assertThat(item.endPosition()).isEqualTo(positions.get(index));
    }
  }

  @Test
  default void carriesTheLongestMessage() throws Exception {
    ContractWay way = openMessages();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    byte[] longest = new byte[Records.PAYLOAD_BYTES_MAX];
    new Random(42).nextBytes(longest);
    write(way.sink(), "before");
    try (BatchWriter batch = way.sink().newBatch(0)) {
      assertThat(batch.add(ByteBuffer.wrap(longest))).as("an empty batch grows").isTrue();
      way.sink().write(batch);
    }
    write(way.sink(), "after");
    way.sink().finish();
    Received received = reading.join();
    assertThat(received.items()).hasSize(3);
    assertThat(received.items().get(1).payload()).isEqualTo(ByteBuffer.wrap(longest));
    assertThat(received.items().get(2).text()).isEqualTo("after");
  }

  @Test
  default void refusesALongerMessageAndGoesOn() throws Exception {
    ContractWay way = openMessages();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    try (BatchWriter batch = way.sink().newBatch(0)) {
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> batch.add(ByteBuffer.allocate(Records.PAYLOAD_BYTES_MAX + 1)))
          .satisfies(e -> assertThat(e.status()).isEqualTo(Status.OUT_OF_RANGE))
          .withMessageContaining("" + Records.PAYLOAD_BYTES_MAX);
      assertThat(batch.add(bytes("shorter"))).isTrue();
      way.sink().write(batch);
    }
    way.sink().finish();
    assertThat(reading.join().texts()).containsExactly("shorter");
  }

  @Test
  default void carriesRawBytesUntouched() throws Exception {
    needs(Encoding.RAW);
    ContractWay way = open(Encoding.RAW);
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    Random random = new Random(7);
    byte[] content = new byte[5_000_000];
    random.nextBytes(content);
    int sent = 0;
    while (sent < content.length) {
      int lengthBytes = Math.min(1 + random.nextInt(200_000), content.length - sent);
      try (BatchWriter batch = way.sink().newBatch(lengthBytes)) {
        assertThat(batch.add(content, sent, lengthBytes, Headers.EMPTY)).isTrue();
        sent += lengthBytes;
        assertThat(way.sink().write(batch)).isEqualTo(sent);
      }
    }
    way.sink().finish();
    assertThat(reading.join().joined()).isEqualTo(content);
  }

  @Test
  default void takesBatchesWithoutCopyingAndDropsWhatItHas() throws Exception {
    ContractWay way = openMessages();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    try (ReplaySource list =
        new ReplaySource(freshId(), place().pool(), List.of("one", "two", "three", "four"))) {
      Sink sink = way.sink();
      assertThat(sink.write(list.batch(0, 2))).isEqualTo(list.border(2));
      assertThat(sink.write(list.batch(0, 1))).as("below").isEqualTo(list.border(2));
      assertThat(sink.write(list.batch(1, 3))).as("across").isEqualTo(list.border(3));
      assertThat(sink.write(list.batch(0, 4))).isEqualTo(list.border(4));
      assertThat(sink.write(list.batch(3))).isEqualTo(list.border(4));
      sink.finish();
    }
    assertThat(reading.join().texts()).containsExactly("one", "two", "three", "four");
  }

  @Test
  default void refusesABatchThatLeavesAGap() throws Exception {
    ContractWay way = openMessages();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    try (ReplaySource list =
        new ReplaySource(freshId(), place().pool(), List.of("one", "two", "three"))) {
      way.sink().write(list.batch(0));
      assertThatExceptionOfType(IllegalArgumentException.class)
          .isThrownBy(() -> way.sink().write(list.batch(2)));
      way.sink().write(list.batch(1, 3));
      way.sink().finish();
    }
    assertThat(reading.join().texts()).containsExactly("one", "two", "three");
  }

  @Test
  default void carriesASparseCursorAtItsPosition() throws Exception {
    needs(ContractPlace.Ability.CARRIES_CURSORS);
    ContractWay way = openMessages();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    Map<Long, Cursor> sent = new java.util.TreeMap<>();
    for (int each = 1; each <= 100; each++) {
      try (BatchWriter batch = way.sink().newBatch(0)) {
        batch.add(bytes("message " + each));
        if (each % 7 == 0) {
          batch.cursor(Cursor.of("offset=" + each));
        }
        long end = way.sink().write(batch);
        if (each % 7 == 0) {
          sent.put(end, Cursor.of("offset=" + each));
        }
      }
    }
    way.sink().finish();
    Received received = reading.join();
    assertThat(received.items()).hasSize(100);
    assertThat(received.cursors()).isEqualTo(sent);
  }

  @Test
  default void endsOnceAndForAll() throws Exception {
    ContractWay way = openAny();
    write(way.sink(), "last");
    InParallel<Boolean> finishing =
        InParallel.run(() -> {
          way.sink().finish();
          return true;
        });
    Source source = way.source();
    assertThat(source.finished()).isFalse();
    assertThat(Received.readAll(source, true).texts()).containsExactly("last");
    assertThat(source.finished()).isTrue();
    assertThat(source.read()).isNull();
    assertThat(source.read(Duration.ofMillis(1))).isNull();
    assertThat(source.finished()).isTrue();
    assertThat(finishing.join()).isTrue();
  }

  @Test
  default void endsAnEmptyStream() throws Exception {
    ContractWay way = openAny();
    assertThat(way.sink().resume().position()).isZero();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    way.sink().finish();
    assertThat(reading.join().items()).isEmpty();
    assertThat(way.source().finished()).isTrue();
  }

  @Test
  default void answersATimedReadThatFindsNothing() throws Exception {
    ContractWay way = openAny();
    long begin = System.nanoTime();
    assertThat(way.source().read(Duration.ofMillis(30))).isNull();
    assertThat(System.nanoTime() - begin).isGreaterThan(Duration.ofMillis(29).toNanos());
    assertThat(way.source().finished()).isFalse();
    write(way.sink(), "late");
    Batch batch = way.source().read(Duration.ofSeconds(30));
    try (Batch one = Objects.requireNonNull(batch, "it came in time")) {
      assertThat(one.count()).isEqualTo(1);
      assertThat(one.position()).isZero();
      assertThat(one.encoding()).isEqualTo(way.source().encoding());
    }
  }
}
