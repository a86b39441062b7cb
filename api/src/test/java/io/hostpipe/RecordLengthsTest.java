package io.hostpipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.fail;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RecordLengthsTest {
  @ParameterizedTest
  @ValueSource(
      ints = {0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455, 268_435_456})
  void varintsAreShortestAndReadBack(int value) {
    roundTrip(value);
    roundTrip(value + 1);
    roundTrip(Integer.MAX_VALUE - value);
  }

  private static void roundTrip(int value) {
    ByteBuffer out = ByteBuffer.allocate(Records.VARINT_BYTES_MAX);
    Records.writeVarint(out, value);
    assertThat(out.position()).isEqualTo(Records.varintLengthBytes(value));
    out.flip();
    assertThat(Records.readVarint(out)).isEqualTo(value);
    assertThat(out.hasRemaining()).isFalse();
  }

  @Test
  void lengthAtMeasuresWithoutTheWholeRecord() {
    ByteBuffer record = ByteBuffer.allocate(8);
    Records.writeVarint(record, 1_000);
    Records.writeVarint(record, 300);
    record.flip();
    assertThat(Records.lengthAt(record, 0)).isEqualTo(2 + 2 + 300 + 1_000);
    assertThat(Records.lengthBytes(1_000, 300)).isEqualTo(1_304);
    for (int limit = 0; limit < 4; limit++) {
      record.limit(limit);
      assertThat(Records.lengthAt(record, 0)).isEqualTo(Records.INCOMPLETE);
    }
  }

  @Test
  void refusesLongerVarintsThanNeeded() {
    assertThatIllegalArgumentException().isThrownBy(() -> lengthAt(0x80, 0x00, 0x00));
    assertThatIllegalArgumentException().isThrownBy(() -> lengthAt(0x81, 0x80, 0x00, 0x00));
    assertThatIllegalArgumentException().isThrownBy(() -> readVarint(0x80, 0x00));
  }

  @Test
  void refusesLengthsBeyondTheirLimits() {
    assertThatIllegalArgumentException()
        .as("above 2^31")
        .isThrownBy(() -> lengthAt(0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0));
    assertThatIllegalArgumentException()
        .as("six bytes")
        .isThrownBy(() -> lengthAt(0x80, 0x80, 0x80, 0x80, 0x80, 0x01));
    assertThat(lengthAt(0x80, 0x80, 0x80, 0x08, 0)).as("16 MiB").isEqualTo((16 << 20) + 5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lengthAt(0x81, 0x80, 0x80, 0x08, 0))
        .withMessageContaining("at most " + Records.PAYLOAD_BYTES_MAX);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lengthAt(0, 0x81, 0x80, 0x04))
        .withMessageContaining("headers have at most");
  }

  @Test
  void refusesNumbersThatAreCutOff() {
    assertThatIllegalArgumentException().isThrownBy(() -> readVarint());
    assertThatIllegalArgumentException().isThrownBy(() -> readVarint(0x80));
    assertThatIllegalArgumentException().isThrownBy(() -> readVarint(0xFF, 0xFF));
  }

  @Test
  void takesAnyBytesWithoutCrashing() {
    Random random = new Random(1);
    for (int round = 0; round < 200_000; round++) {
      byte[] bytes = Fixtures.random(random, random.nextInt(12));
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      try {
        int lengthBytes = Records.lengthAt(buffer, 0);
        if (lengthBytes != Records.INCOMPLETE && lengthBytes < 2) {
          fail("a record of " + lengthBytes + " bytes");
        }
      } catch (IllegalArgumentException e) {
        // The one way to say no.
      }
      try {
        Records.readField(buffer);
      } catch (IllegalArgumentException e) {
        // The one way to say no.
      }
    }
  }

  private static int lengthAt(int... bytes) {
    return Records.lengthAt(wrap(bytes), 0);
  }

  private static int readVarint(int... bytes) {
    return Records.readVarint(wrap(bytes));
  }

  private static ByteBuffer wrap(int... bytes) {
    ByteBuffer buffer = ByteBuffer.allocate(bytes.length);
    for (int each : bytes) {
      buffer.put((byte) each);
    }
    return buffer.flip();
  }
}
