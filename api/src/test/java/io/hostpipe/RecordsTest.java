package io.hostpipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages into batches and out of them, with lengths around each border of the encoding. */
final class RecordsTest {
  private static final StreamId STREAM = new StreamId("records");
  private static final int[] LENGTHS = {0, 1, 2, 126, 127, 128, 129, 255, 256, 16_383, 16_384};

  private final BlockPool pool = new BlockPool(1 << 20);

  @Test
  void messagesComeOutAsTheyWentIn() throws Exception {
    List<Sent> sent = allLengths();
    try (Batch batch = batchOf(sent)) {
      assertThat(batch.count()).isEqualTo(sent.size());
      List<Sent> got = new ArrayList<>();
      batch.forEach((endPosition, payload, headers) -> {
        byte[] copy = new byte[payload.remaining()];
        payload.get(copy);
        got.add(new Sent(copy, headers, endPosition));
      });
      assertThat(got).usingRecursiveComparison().isEqualTo(sent);
      assertThat(got.getLast().endPosition()).isEqualTo(batch.endPosition());
    }
  }

  @Test
  void aVisitorMayLeaveItsViewWhereverItLikes() throws Exception {
    List<Sent> sent = allLengths();
    Random random = new Random(1);
    try (Batch batch = batchOf(sent)) {
      int[] index = {0};
      batch.forEach((endPosition, payload, headers) -> {
        assertThat(payload.remaining()).isEqualTo(sent.get(index[0]++).payload().length);
        payload.position(payload.position() + random.nextInt(payload.remaining() + 1));
        payload.limit(payload.position());
      });
      assertThat(index[0]).isEqualTo(sent.size());
    }
  }

  @Test
  void aBatchBeginsAnewAtEachBorderAndNowhereElse() throws Exception {
    List<Sent> sent = allLengths().subList(0, 12);
    List<Long> borders = new ArrayList<>(List.of(7L));
    sent.forEach(each -> borders.add(each.endPosition()));
    for (long position = 7; position <= borders.getLast(); position++) {
      Batch batch = batchOf(sent);
      long from = position;
      if (borders.contains(position)) {
        try (Batch rest = batch.from(from)) {
          assertThat(rest.count()).isEqualTo(sent.size() - borders.indexOf(from));
        }
      } else {
        assertThatThrownBy(() -> batch.from(from)).isInstanceOf(IllegalArgumentException.class);
        batch.close();
      }
    }
  }

  @Test
  void aLengthIsKnownAsSoonAsItsBytesAreThere() throws Exception {
    for (Sent each : allLengths()) {
      try (Batch batch = batchOf(List.of(each))) {
        ByteBuffer whole = batch.bytes();
        int payloadBytes = each.payload().length;
        int headersBytes = each.headers().lengthBytes();
        int known =
            Records.varintLengthBytes(payloadBytes) + Records.varintLengthBytes(headersBytes);
        for (int limit = 0; limit <= Math.min(known + 2, whole.capacity()); limit++) {
          int expected = limit < known ? Records.INCOMPLETE : batch.lengthBytes();
          assertThat(Records.lengthAt(whole.duplicate().limit(limit), 0)).isEqualTo(expected);
        }
      }
    }
  }

  /** Two lengths each: a payload's and its headers', with what may follow. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "80 00 00 00 00", // zero, not in its shortest form
        "FF 00 00 00 00", // 127, not in its shortest form
        "80 80 00 00 00",
        "00 80 00 00 00", // the same in the headers' length
        "00 FF 00 00 00",
        "FF FF FF FF 7F 00", // above 2^31
        "FF FF FF FF FF 01", // more than five bytes
        "81 80 80 08 00", // above the longest payload
        "00 81 80 04" // above the longest headers
      })
  void whatIsNoLengthIsRefused(String hex) {
    ByteBuffer bytes = ByteBuffer.allocate(64);
    for (String each : hex.split(" ", -1)) {
      bytes.put((byte) Integer.parseInt(each, 16));
    }
    assertThatThrownBy(() -> Records.lengthAt(bytes.duplicate().clear(), 0))
        .isInstanceOf(IllegalArgumentException.class);
    var block = pool.take(64);
    block.buffer().put(bytes.flip());
    try (Batch batch =
        new Batch(STREAM, Encoding.RECORDS, 0, block.buffer().rewind(), block, null)) {
      assertThatThrownBy(() -> batch.forEach((endPosition, payload, headers) -> {}))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aRecordThatIsCutOffIsRefusedByAllWhoWalk() throws Exception {
    for (Sent each : allLengths()) {
      try (Batch whole = batchOf(List.of(each))) {
        for (int cutBytes = 1; cutBytes < Math.min(whole.lengthBytes(), 9); cutBytes++) {
          ByteBuffer part = whole.bytes().limit(whole.lengthBytes() - cutBytes);
          whole.block().retain();
          try (Batch cut = new Batch(STREAM, Encoding.RECORDS, 0, part, whole.block(), null)) {
            assertThatThrownBy(cut::count).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> cut.forEach((endPosition, payload, headers) -> {}))
                .isInstanceOf(IllegalArgumentException.class);
          }
        }
      }
    }
  }

  private static List<Sent> allLengths() {
    Random random = new Random(0);
    List<Sent> all = new ArrayList<>();
    long position = 7;
    for (int payloadBytes : LENGTHS) {
      for (int headersBytes : new int[] {0, 10, 127, 128, 300}) {
        byte[] payload = new byte[payloadBytes];
        random.nextBytes(payload);
        Headers headers =
            headersBytes == 0
                ? Headers.EMPTY
                : Headers.builder().add("h", new byte[headersBytes - 4]).build();
        position += Records.lengthBytes(payloadBytes, headers.lengthBytes());
        all.add(new Sent(payload, headers, position));
      }
    }
    return all;
  }

  private Batch batchOf(List<Sent> messages) throws IOException {
    BatchWriter writer = new BatchWriter(pool, Encoding.RECORDS, 1 << 20);
    for (Sent each : messages) {
      assertThat(writer.add(ByteBuffer.wrap(each.payload()), each.headers())).isTrue();
    }
    return writer.toBatch(STREAM, 7);
  }

  @SuppressWarnings("ArrayRecordComponent") // compared field by field
  private record Sent(byte[] payload, Headers headers, long endPosition) {}
}
