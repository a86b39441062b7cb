package io.hostpipe.connector.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FrameHeadTest {
  @ParameterizedTest
  @ValueSource(longs = {0, 1, 125, 126, 127, 65_535, 65_536, 1L << 40, Long.MAX_VALUE})
  void everyLengthIsReadAsItWasWritten(long payloadBytes) throws Exception {
    for (boolean masked : new boolean[] {true, false}) {
      FrameHead head =
          FrameHead.whole(FrameHead.BINARY, masked, masked ? 0x1234_5678 : 0, payloadBytes);
      ByteBuffer out = ByteBuffer.allocate(FrameHead.BYTES_MAX);
      head.write(out);
      out.flip();
      for (int partBytes = 0; partBytes < out.limit(); partBytes++) {
        ByteBuffer part = out.duplicate().limit(partBytes);
        assertThat(FrameHead.read(part)).isNull();
        assertThat(part.position()).isZero();
      }
      assertThat(FrameHead.read(out)).isEqualTo(head);
      assertThat(out.hasRemaining()).isFalse();
    }
  }

  /** What RFC 6455 shows in section 5.7: "Hello", masked. */
  @Test
  void theExampleOfTheRfcIsRead() throws Exception {
    ByteBuffer in =
        ByteBuffer.wrap(
            new byte[] {
              (byte) 0x81,
              (byte) 0x85,
              0x37,
              (byte) 0xfa,
              0x21,
              0x3d,
              0x7f,
              (byte) 0x9f,
              0x4d,
              0x51,
              0x58
            });
    FrameHead head = FrameHead.read(in);
    assertThat(head).isEqualTo(FrameHead.whole(FrameHead.TEXT, true, 0x37fa213d, 5));
    Mask.apply(in, in.position(), in.limit(), 0x37fa213d, 0);
    byte[] text = new byte[5];
    in.get(text);
    assertThat(text).asString().isEqualTo("Hello");
  }

  @ParameterizedTest
  @ValueSource(ints = {0xC2, 0xA2, 0x92, 0x83, 0x8B, 0x8F, 0x08, 0x09})
  void aHeadThatIsNoneIsRefused(int first) {
    ByteBuffer in = ByteBuffer.wrap(new byte[] {(byte) first, 0});
    assertThatThrownBy(() -> FrameHead.read(in)).isInstanceOf(WebSocketException.class);
  }

  @Test
  void garbageNeverDoesMoreThanBeRefused() {
    SplittableRandom random = new SplittableRandom(1);
    for (int round = 0; round < 1_000_000; round++) {
      byte[] bytes = new byte[random.nextInt(20)];
      random.nextBytes(bytes);
      ByteBuffer in = ByteBuffer.wrap(bytes);
      try {
        FrameHead head = FrameHead.read(in);
        assertThat(head == null || head.payloadBytes() >= 0).isTrue();
      } catch (WebSocketException e) {
        assertThat(e).hasMessageMatching("[\\x20-\\x7E]+");
      }
    }
  }

  /** Against masking byte by byte, as the RFC writes it. */
  @Test
  void maskingInPartsIsMaskingTheWhole() {
    SplittableRandom random = new SplittableRandom(2);
    for (int round = 0; round < 2_000; round++) {
      byte[] plain = new byte[random.nextInt(100)];
      random.nextBytes(plain);
      int key = random.nextInt();
      byte[] expected = plain.clone();
      for (int index = 0; index < plain.length; index++) {
        expected[index] ^= (byte) (key >>> (24 - (index % 4) * 8));
      }
      int cut = random.nextInt(plain.length + 1);
      ByteBuffer place = ByteBuffer.wrap(plain.clone());
      Mask.apply(place, 0, cut, key, 0);
      Mask.apply(place, cut, plain.length, key, cut);
      assertThat(place.array()).isEqualTo(expected);
      ByteBuffer from = ByteBuffer.wrap(plain);
      ByteBuffer to = ByteBuffer.allocateDirect(plain.length);
      Mask.copy(from, to, cut, key, 0);
      Mask.copy(from, to, plain.length - cut, key, cut);
      assertThat(to.flip()).isEqualTo(ByteBuffer.wrap(expected));
    }
  }
}
