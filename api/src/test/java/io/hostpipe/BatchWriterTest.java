package io.hostpipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.hostpipe.spi.BlockPool;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class BatchWriterTest {
  private final BlockPool pool = new BlockPool(1 << 20);

  @AfterEach
  void givesEveryBlockBack() {
    assertThat(pool.takenBytes()).isZero();
  }

  private BatchWriter records(int leastBytes) {
    return new BatchWriter(pool, Encoding.RECORDS, leastBytes);
  }

  @Test
  void aMessageFromAPlaceInABufferIsEncodedAsAnyOther() throws Exception {
    byte[] content = Fixtures.random(new Random(5), 20_000);
    ByteBuffer from = ByteBuffer.allocateDirect(content.length).put(content).flip();
    for (int lengthBytes : new int[] {0, 1, 127, 128, 129, 255, 256, 16_383, 16_384, 19_999}) {
      try (BatchWriter one = records(1 << 16);
          BatchWriter other = records(1 << 16)) {
        assertThat(one.add(from, 1, lengthBytes)).isTrue();
        assertThat(other.add(content, 1, lengthBytes, Headers.EMPTY)).isTrue();
        assertThat(one.count()).isEqualTo(1);
        try (Batch first = one.toBatch(Fixtures.STREAM, 0);
            Batch second = other.toBatch(Fixtures.STREAM, 0)) {
          assertThat(first.bytes()).as("%s bytes", lengthBytes).isEqualTo(second.bytes());
        }
      }
    }
    assertThat(from.position()).isZero();
  }

  @Test
  void isFullAtItsLimitButTakesOneMessage() throws Exception {
    ByteBuffer from = ByteBuffer.allocate(5_000);
    try (BatchWriter writer = records(4_096)) {
      writer.limit(100);
      assertThat(writer.add(from, 0, 90)).isTrue();
      assertThat(writer.add(from, 0, 90)).isFalse();
    }
    for (int lengthBytes : new int[] {200, 5_000}) {
      try (BatchWriter writer = records(4_096)) {
        writer.limit(100);
        assertThat(writer.add(from, 0, lengthBytes)).isTrue();
        assertThat(writer.count()).isEqualTo(1);
      }
    }
  }

  @Test
  void roundTripsMessagesOfAllKinds() throws Exception {
    Random random = new Random(4);
    List<ByteBuffer> sent = new ArrayList<>();
    List<Headers> sentHeaders = new ArrayList<>();
    try (BatchWriter writer = records(1 << 20)) {
      for (int each = 0; each < 300; each++) {
        byte[] payload = Fixtures.random(random, random.nextInt(2_000));
        Headers headers =
            each % 3 == 0 ? Headers.EMPTY : Headers.of("n" + each, "v".repeat(each % 50));
        if (each % 2 == 0) {
          assertThat(writer.add(ByteBuffer.wrap(payload), headers)).isTrue();
        } else {
          assertThat(writer.add(payload, 0, payload.length, headers)).isTrue();
        }
        sent.add(ByteBuffer.wrap(payload));
        sentHeaders.add(headers);
      }
      int lengthBytes = writer.lengthBytes();
      try (Batch batch = writer.toBatch(Fixtures.STREAM, 77)) {
        assertThat(batch.lengthBytes()).isEqualTo(lengthBytes);
        List<ByteBuffer> received = new ArrayList<>();
        List<Headers> receivedHeaders = new ArrayList<>();
        batch.forEach((end, payload, headers) -> {
          received.add(ByteBuffer.allocate(payload.remaining()).put(payload).flip());
          receivedHeaders.add(headers);
        });
        assertThat(received).isEqualTo(sent);
        assertThat(receivedHeaders).isEqualTo(sentHeaders);
      }
    }
  }

  @Test
  void hasNoRoomBesideWhatItHoldsButGrowsWhileItIsEmpty() throws Exception {
    try (BatchWriter writer = records(0)) {
      ByteBuffer large = ByteBuffer.allocate(100_000);
      assertThat(writer.add(large)).as("grows").isTrue();
      assertThat(large.hasRemaining()).isFalse();
      int before = writer.lengthBytes();
      ByteBuffer next = ByteBuffer.allocate(100_000);
      assertThat(writer.add(next)).as("never split").isFalse();
      assertThat(next.remaining()).as("left as it was").isEqualTo(100_000);
      assertThat(writer.claim(100_000)).isNull();
      assertThat(writer.add(new byte[100_000], 0, 100_000, Headers.EMPTY)).isFalse();
      assertThat(writer.lengthBytes()).isEqualTo(before);
    }
  }

  @Test
  void takesTheLongestMessageAndRefusesALongerOne() throws Exception {
    try (BatchWriter writer = records(0)) {
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> writer.add(ByteBuffer.allocate(Records.PAYLOAD_BYTES_MAX + 1)))
          .withMessageContaining("" + (Records.PAYLOAD_BYTES_MAX + 1))
          .withMessageContaining("limit of " + Records.PAYLOAD_BYTES_MAX)
          .satisfies(e -> assertThat(e.status()).isEqualTo(Status.OUT_OF_RANGE));
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> writer.claim(Integer.MAX_VALUE));
      assertThat(writer.lengthBytes()).isZero();
      Headers largest = Headers.of("n", "v".repeat(Headers.LENGTH_BYTES_MAX - 5));
      assertThat(writer.add(ByteBuffer.allocate(Records.PAYLOAD_BYTES_MAX), largest)).isTrue();
      try (Batch batch = writer.toBatch(Fixtures.STREAM, 0)) {
        assertThat(batch.count()).isEqualTo(1);
      }
    }
  }

  @Test
  void handsOutAPlaceToFill() throws Exception {
    try (BatchWriter writer = records(0)) {
      writer.add(Fixtures.bytes("before"));
      ByteBuffer place = Objects.requireNonNull(writer.claim(4), "there is room");
      assertThat(place.remaining()).isEqualTo(4);
      place.put(Fixtures.bytes("here"));
      assertThat(writer.claim(0)).isNotNull();
      writer.add(Fixtures.bytes("after"));
      try (Batch batch = writer.toBatch(Fixtures.STREAM, 0)) {
        List<String> seen = new ArrayList<>();
        batch.forEach((end, payload, headers) -> seen.add(Fixtures.text(payload)));
        assertThat(seen).containsExactly("before", "here", "", "after");
      }
      assertThatIllegalStateException().isThrownBy(() -> writer.claim(1));
    }
    try (BatchWriter writer = records(0)) {
      assertThatIllegalArgumentException().isThrownBy(() -> writer.claim(-1));
    }
  }

  @Test
  void leavesNoHalfMessageAfterAMistakeOfTheCaller() throws Exception {
    try (BatchWriter writer = records(0)) {
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> writer.add(new byte[3], 2, 2, Headers.EMPTY));
      assertThat(writer.lengthBytes()).isZero();
    }
  }

  @Test
  void readsRawBytesStraightFromAChannel() throws Exception {
    ReadableByteChannel in = Channels.newChannel(new ByteArrayInputStream(new byte[5_000]));
    try (BatchWriter writer = new BatchWriter(pool, Encoding.RAW, 4_096)) {
      int readBytes = 0;
      while (writer.lengthBytes() < 4_096) {
        readBytes += writer.readFrom(in);
      }
      assertThat(readBytes).isEqualTo(4_096);
      assertThat(writer.readFrom(in)).as("full").isZero();
      try (Batch batch = writer.toBatch(Fixtures.STREAM, 10)) {
        assertThat(batch.endPosition()).isEqualTo(10 + 4_096);
        assertThat(batch.count()).isEqualTo(1);
      }
    }
    try (BatchWriter writer = records(0)) {
      assertThatIllegalStateException().isThrownBy(() -> writer.readFrom(in));
    }
  }

  @Test
  void addsRawBytesWithoutEnvelopeAndRefusesHeadersThere() throws Exception {
    try (BatchWriter writer = new BatchWriter(pool, Encoding.RAW, 0)) {
      assertThat(writer.encoding()).isEqualTo(Encoding.RAW);
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> writer.add(Fixtures.bytes("x"), Headers.of("a", "b")))
          .withMessageContaining("no headers");
      assertThat(writer.lengthBytes()).isZero();
      writer.add(Fixtures.bytes("ab"));
      writer.add(Fixtures.bytes("c"));
      assertThat(writer.lengthBytes()).isEqualTo(3);
    }
  }

  @Test
  void isUsedUpOnceItWasHandedOn() throws Exception {
    BatchWriter writer = records(0);
    writer.add(Fixtures.bytes("one"));
    writer.cursor(Cursor.of("place"));
    try (Batch batch = writer.toBatch(Fixtures.STREAM, 0)) {
      assertThat(batch.cursor()).isEqualTo(Cursor.of("place"));
      assertThatIllegalStateException().isThrownBy(() -> writer.add(Fixtures.bytes("two")));
      assertThatIllegalStateException().isThrownBy(() -> writer.toBatch(Fixtures.STREAM, 0));
      writer.close();
      assertThat(batch.count()).as("closing it then is nothing").isEqualTo(1);
    }
  }
}
