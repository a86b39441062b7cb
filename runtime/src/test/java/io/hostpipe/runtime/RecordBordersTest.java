package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.StreamId;
import io.hostpipe.session.Delivery;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class RecordBordersTest {
  private static final StreamId STREAM = new StreamId("stream");
  private static final byte[] CURSOR = {1, 2, 3};

  private final BlockPool pool = new BlockPool(1 << 20);
  private final RecordBorders borders = new RecordBorders(pool);

  /** A message as it came out: where it ends, its payload, its headers. */
  private record Seen(long endPosition, ByteBuffer payload, Headers headers) {}

  @AfterEach
  void noBlockIsLeftOut() {
    borders.close();
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void everyTwoCutsOfAStreamGiveTheSameMessages() throws Exception {
    byte[] stream = stream();
    List<Seen> whole = seen(stream);
    assertThat(whole).hasSize(7);
    for (int first = 0; first <= stream.length; first++) {
      for (int second = first; second <= stream.length; second++) {
        assertThat(seen(stream, first, second)).isEqualTo(whole);
      }
    }
  }

  @Test
  void aStreamThatComesByteByByteGivesTheSameMessages() throws Exception {
    byte[] stream = stream();
    int[] cuts = new int[stream.length - 1];
    Arrays.setAll(cuts, index -> index + 1);
    assertThat(seen(stream, cuts)).isEqualTo(seen(stream));
  }

  @Test
  void aMessageOfTheGreatestLengthIsPutTogether() throws Exception {
    byte[] payload = new byte[16 << 20];
    new Random(7).nextBytes(payload);
    byte[] stream = encode(batch -> batch.add(ByteBuffer.wrap(payload)));
    int[] cuts = new int[stream.length / 65_536];
    Arrays.setAll(cuts, index -> (index + 1) * 65_536 - 1);
    assertThat(seen(stream, cuts))
        .containsExactly(new Seen(stream.length, ByteBuffer.wrap(payload), Headers.EMPTY));
  }

  @Test
  void aRunOfWholeRecordsIsHandedOnWithoutACopy() {
    byte[] stream = stream();
    Block block = give(0, stream, null);
    try (Batch batch = next()) {
      assertThat(batch.block()).isSameAs(block);
      assertThat(batch.lengthBytes()).isEqualTo(stream.length);
    }
  }

  @Test
  void rawBytesHaveNoBorders() {
    byte[] run = {(byte) 0xFF, (byte) 0xFF, (byte) 0xFF};
    give(5, run, null);
    try (Batch batch = Objects.requireNonNull(borders.poll(STREAM, Encoding.RAW))) {
      assertThat(batch.position()).isEqualTo(5);
      assertThat(batch.endPosition()).isEqualTo(8);
    }
    assertThat(borders.poll(STREAM, Encoding.RAW)).isNull();
  }

  @Test
  void theCursorComesWithTheLastBatchOfItsRunOnly() throws Exception {
    byte[] stream = stream();
    int cut = stream.length - 1;
    give(0, Arrays.copyOf(stream, cut), null);
    try (Batch batch = next()) {
      assertThat(batch.cursor()).isNull();
    }
    assertThat(borders.poll(STREAM, Encoding.RECORDS)).isNull();
    give(cut, Arrays.copyOfRange(stream, cut, stream.length), CURSOR);
    try (Batch batch = next()) {
      assertThat(batch.cursor()).isEqualTo(Cursor.of(CURSOR));
      assertThat(batch.endPosition()).isEqualTo(stream.length);
    }
  }

  @Test
  void theRestBehindACompletedRecordComesInABatchOfItsOwn() throws Exception {
    byte[] one = encode(batch -> batch.add(ByteBuffer.wrap(new byte[10])));
    byte[] three = new byte[3 * one.length];
    for (int index = 0; index < three.length; index++) {
      three[index] = one[index % one.length];
    }
    give(0, Arrays.copyOf(three, 4), null);
    assertThat(borders.poll(STREAM, Encoding.RECORDS)).isNull();
    give(4, Arrays.copyOfRange(three, 4, three.length), CURSOR);
    try (Batch first = next();
        Batch rest = next()) {
      assertThat(first.position()).isZero();
      assertThat(first.endPosition()).isEqualTo(one.length);
      assertThat(first.cursor()).isNull();
      assertThat(rest.position()).isEqualTo(one.length);
      assertThat(rest.endPosition()).isEqualTo(three.length);
      assertThat(rest.cursor()).isEqualTo(Cursor.of(CURSOR));
    }
  }

  @Test
  void bytesThatAreNoRecordsAreRefused() {
    byte[] elevenBytesOfLength = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    give(0, elevenBytesOfLength, null);
    assertThatThrownBy(() -> borders.poll(STREAM, Encoding.RECORDS))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aLengthBeyondTheLimitIsRefusedWhereverItIsCut() {
    byte[] thirtyTwoMebibytes = {(byte) 0x80, (byte) 0x80, (byte) 0x80, 0x10, 0};
    for (int cut = 1; cut < thirtyTwoMebibytes.length; cut++) {
      RecordBorders fresh = new RecordBorders(pool);
      int at = cut;
      assertThatThrownBy(
              () -> {
                fresh.add(delivery(0, Arrays.copyOf(thirtyTwoMebibytes, at), null));
                assertThat(fresh.poll(STREAM, Encoding.RECORDS)).isNull();
                byte[] rest = Arrays.copyOfRange(thirtyTwoMebibytes, at, thirtyTwoMebibytes.length);
                fresh.add(delivery(at, rest, null));
                fresh.poll(STREAM, Encoding.RECORDS);
              })
          .isInstanceOf(IllegalArgumentException.class);
      fresh.close();
    }
  }

  /** Gives the stream in runs that end at these cuts, and collects what comes out. */
  private List<Seen> seen(byte[] stream, int... cuts) throws Exception {
    List<Seen> all = new ArrayList<>();
    int start = 0;
    for (int index = 0; index <= cuts.length; index++) {
      int end = index < cuts.length ? cuts[index] : stream.length;
      if (end > start) {
        give(start, Arrays.copyOfRange(stream, start, end), null);
        collect(all);
      }
      start = end;
    }
    return all;
  }

  private void collect(List<Seen> into) throws Exception {
    for (Batch batch = borders.poll(STREAM, Encoding.RECORDS);
        batch != null;
        batch = borders.poll(STREAM, Encoding.RECORDS)) {
      try (Batch each = batch) {
        each.forEach((end, payload, headers) -> {
          ByteBuffer copy = ByteBuffer.allocate(payload.remaining());
          into.add(new Seen(end, copy.put(payload).flip(), headers));
        });
      }
    }
  }

  private Batch next() {
    Batch batch = borders.poll(STREAM, Encoding.RECORDS);
    if (batch == null) {
      throw new AssertionError("a batch should be there");
    }
    return batch;
  }

  private Block give(long position, byte[] bytes, byte @Nullable [] cursor) {
    Delivery delivery = delivery(position, bytes, cursor);
    borders.add(delivery);
    return ((BlockLease) delivery.lease()).block();
  }

  private Delivery delivery(long position, byte[] bytes, byte @Nullable [] cursor) {
    Block block = pool.take(bytes.length);
    ByteBuffer content = block.buffer().put(bytes).slice(0, bytes.length);
    return new Delivery(position, content, new BlockLease(block, null), cursor);
  }

  /** Lengths of one and two bytes, with and without headers, empty ones at both ends. */
  private byte[] stream() {
    return encode(batch -> {
      batch.add(ByteBuffer.allocate(0));
      batch.add(ByteBuffer.wrap(new byte[] {-1}));
      batch.add(ByteBuffer.wrap(new byte[] {0, 0}), Headers.of(Headers.KEY, "key"));
      batch.add(ByteBuffer.wrap(new byte[127]));
      batch.add(ByteBuffer.wrap(new byte[128]));
      batch.add(ByteBuffer.allocate(0), Headers.of("name", "v".repeat(130)));
      batch.add(ByteBuffer.allocate(0));
    });
  }

  private byte[] encode(Filling filling) {
    try (BatchWriter writer = new BatchWriter(pool, Encoding.RECORDS, 1 << 10)) {
      filling.fill(writer);
      try (Batch batch = writer.toBatch(STREAM, 0)) {
        byte[] bytes = new byte[batch.lengthBytes()];
        batch.bytes().get(bytes);
        return bytes;
      }
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private interface Filling {
    void fill(BatchWriter batch) throws Exception;
  }
}
