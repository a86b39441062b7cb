package io.hostpipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.fail;

import io.hostpipe.spi.BlockPool;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class BatchTest {
  private final BlockPool pool = new BlockPool(1 << 20);

  @AfterEach
  void givesEveryBlockBack() {
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void visitsMessagesWithTheirEndPositions() throws Exception {
    try (Batch batch = Fixtures.messages(pool, 1_000, "one", "", "three")) {
      List<String> seen = new ArrayList<>();
      batch.forEach((end, payload, headers) ->
          seen.add(end + "=" + Fixtures.text(payload) + headers.names()));
      assertThat(seen).containsExactly("1005=one[]", "1007=[]", "1014=three[]");
      assertThat(batch.count()).isEqualTo(3);
      assertThat(batch.position()).isEqualTo(1_000);
      assertThat(batch.endPosition()).isEqualTo(1_014);
      assertThat(batch.lengthBytes()).isEqualTo(14);
      assertThat(batch).hasToString("Batch[stream 1000..1014]");
    }
  }

  @Test
  void movesThePositionByTwoForAnEmptyMessage() throws Exception {
    try (Batch batch = Fixtures.messages(pool, 7, "")) {
      assertThat(batch.endPosition()).isEqualTo(9);
      assertThat(batch.count()).isEqualTo(1);
    }
  }

  @Test
  void holdsOneOrNoMessageOfRawBytes() throws Exception {
    try (Batch some = Fixtures.batch(pool, Encoding.RAW, 5, new byte[] {1, 2, 3});
        Batch none = Fixtures.batch(pool, Encoding.RAW, 5, new byte[0])) {
      assertThat(some.count()).isEqualTo(1);
      assertThat(none.count()).isZero();
      List<Long> ends = new ArrayList<>();
      some.forEach((end, payload, headers) -> ends.add(end));
      none.forEach((end, payload, headers) -> ends.add(end));
      assertThat(ends).containsExactly(8L);
    }
  }

  @Test
  void isReadOnly() throws Exception {
    try (Batch batch = Fixtures.messages(pool, 0, "text")) {
      assertThatExceptionOfType(ReadOnlyBufferException.class)
          .isThrownBy(() -> batch.bytes().put(0, (byte) 1));
      batch.forEach((end, payload, headers) ->
          assertThatExceptionOfType(ReadOnlyBufferException.class)
              .isThrownBy(() -> payload.put(0, (byte) 1)));
      batch.bytes().position(3);
      assertThat(batch.lengthBytes()).as("views move on their own").isEqualTo(6);
    }
  }

  @Test
  void goesOnFromEachBorderAndFromNoPlaceBetween() throws Exception {
    List<Long> borders = List.of(100L, 105L, 107L, 114L);
    for (long position = 99; position <= 115; position++) {
      Batch batch = Fixtures.messages(pool, 100, "one", "", "three");
      if (borders.contains(position)) {
        try (Batch rest = batch.from(position)) {
          assertThat(rest.position()).isEqualTo(position);
          assertThat(rest.endPosition()).isEqualTo(114);
          assertThat(rest.count()).isEqualTo(3 - borders.indexOf(position));
          batch.close();
        }
      } else {
        long between = position;
        assertThatIllegalArgumentException().isThrownBy(() -> batch.from(between));
        assertThat(batch.count()).as("still usable").isEqualTo(3);
        batch.close();
      }
      assertThat(pool.takenBytes()).isZero();
    }
  }

  @Test
  void goesOnFromAnyByteOfRawBytesAndKeepsItsCursor() {
    for (long position = 10; position <= 13; position++) {
      Batch batch = Fixtures.batch(pool, Encoding.RAW, 10, new byte[] {0, 1, 2});
      try (Batch rest = batch.from(position)) {
        assertThat(rest.lengthBytes()).isEqualTo((int) (13 - position));
        assertThat(rest.cursor()).isEqualTo(Cursor.of("c"));
        if (rest.lengthBytes() > 0) {
          assertThat(rest.bytes().get()).isEqualTo((byte) (position - 10));
        }
      }
    }
  }

  @Test
  void writesPayloadsWithoutTheirEnvelopesThroughAChannelThatTakesLittle() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    WritableByteChannel slow = takingOneByteAtATime(Channels.newChannel(out));
    try (Batch batch = Fixtures.messages(pool, 0, "one", "", "three");
        Batch raw = Fixtures.batch(pool, Encoding.RAW, 0, new byte[] {'!', '?'})) {
      assertThat(batch.writePayloadTo(slow)).isEqualTo(8);
      assertThat(raw.writePayloadTo(slow)).isEqualTo(2);
      assertThat(raw.writePayloadTo(slow)).as("again").isEqualTo(2);
    }
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("onethree!?!?");
  }

  @Test
  void keepsTheBlockForThoseWhoRetainedIt() throws Exception {
    Batch batch = Fixtures.messages(pool, 0, "text");
    batch.block().retain();
    batch.close();
    batch.close();
    assertThat(pool.takenBytes()).isPositive();
    batch.block().release();
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void refusesARecordThatIsCutOffWhereverThatIs() throws Exception {
    byte[] whole = new byte[14];
    try (Batch batch = Fixtures.messages(pool, 0, "one", "", "three")) {
      batch.bytes().get(whole);
    }
    for (int lengthBytes : new int[] {1, 2, 3, 4, 6, 8, 9, 13}) {
      byte[] cut = java.util.Arrays.copyOf(whole, lengthBytes);
      try (Batch batch = Fixtures.batch(pool, Encoding.RECORDS, 50, cut)) {
        assertThatIllegalArgumentException().as("%s", lengthBytes).isThrownBy(batch::count);
        assertThatIllegalArgumentException().isThrownBy(() -> visit(batch));
        assertThatIllegalArgumentException().isThrownBy(() -> batch.from(50 + lengthBytes));
      }
    }
  }

  @Test
  void takesAnyBytesWithoutCrashing() {
    Random random = new Random(3);
    for (int round = 0; round < 100_000; round++) {
      byte[] garbage = Fixtures.random(random, random.nextInt(40));
      if (random.nextBoolean()) {
        for (int index = 0; index < garbage.length; index++) {
          // Small numbers look more like records.
          garbage[index] = (byte) (garbage[index] & 7);
        }
      }
      try (Batch batch = Fixtures.batch(pool, Encoding.RECORDS, round, garbage)) {
        agree(batch);
      }
    }
  }

  /** Counting and visiting find the same, and fail alike. */
  private static void agree(Batch batch) {
    int visited = -1;
    try {
      visited = visit(batch);
    } catch (IllegalArgumentException e) {
      // The one way to say no.
    }
    try {
      int count = batch.count();
      // Headers are looked into only when they are visited.
      if (visited != count && visited != -1) {
        fail("counted " + count + ", visited " + visited);
      }
    } catch (IllegalArgumentException e) {
      if (visited != -1) {
        fail("visited " + visited + " that could not be counted");
      }
    }
  }

  private static int visit(Batch batch) {
    int[] count = {0};
    try {
      batch.forEach((end, payload, headers) -> {
        count[0]++;
        headers.names();
        if (end <= batch.position() || end > batch.endPosition()) {
          fail("a message that ends at " + end + " in " + batch);
        }
      });
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return count[0];
  }

  private static WritableByteChannel takingOneByteAtATime(WritableByteChannel out) {
    return new WritableByteChannel() {
      @Override
      public int write(ByteBuffer from) throws IOException {
        if (!from.hasRemaining()) {
          return 0;
        }
        int written = out.write(from.slice(from.position(), 1));
        from.position(from.position() + written);
        return written;
      }

      @Override
      public boolean isOpen() {
        return out.isOpen();
      }

      @Override
      public void close() throws IOException {
        out.close();
      }
    };
  }
}
