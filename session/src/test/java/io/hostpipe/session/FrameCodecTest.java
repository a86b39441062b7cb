package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class FrameCodecTest {
  /** One of each frame that is not DATA, and the odd ones. */
  static List<Frame> controlFrames() {
    return List.of(
        Frames.hello(),
        new Frame.Hello(
            0,
            255,
            false,
            true,
            Frame.AckLevel.RECEIVED,
            "any",
            Frames.BOB,
            Long.MAX_VALUE,
            "",
            "s",
            false,
            0,
            0,
            0,
            true,
            true,
            new Frame.Claim(Frame.Binding.TLS_EXPORTER, Frames.ALICE, "ops"),
            0x80),
        new Frame.Challenge(Frame.Binding.NONE, Frames.BOB),
        new Frame.Welcome(Frames.BOB, 3, 100, null, 200, null, 0),
        new Frame.Welcome(Frames.BOB, 0, 0, 0L, 0, null, 0),
        new Frame.Ack(4, 3, 2, 5),
        new Frame.Reject(77, Code.INVALID_ARGUMENT, "no such column 'größe'"),
        new Frame.AppliesAtEnd(false),
        new Frame.AppliesAtEnd(true),
        new Frame.Ping(-1),
        new Frame.Pong(Long.MIN_VALUE),
        new Frame.Fin(9, -9),
        new Frame.FinAck(9, -9),
        new Frame.Bye(),
        new Frame.Abort(5, "interrupted"),
        new Frame.GoAway("going down for an update"),
        new Frame.Failure(Code.DATA_LOSS, ""));
  }

  @ParameterizedTest
  @MethodSource("controlFrames")
  void everyControlFrameComesBackAsItWas(Frame frame) throws ProtocolException {
    assertThat(decode(Frames.bytes(frame))).isEqualTo(frame);
  }

  @Test
  void aProofComesBackAsItWas() throws ProtocolException {
    byte[] mac = new byte[TokenKey.MAC_BYTES];
    Arrays.fill(mac, (byte) -3);
    Frame.Proof back = (Frame.Proof) decode(Frames.bytes(new Frame.Proof(mac)));
    assertThat(back.mac()).isEqualTo(mac);
    assertThat(back).hasToString("Proof");
  }

  /** A proof is over the bytes of a HELLO: whoever got it has to know them all. */
  @Test
  void aHelloThatWasReadIsWrittenAgainByteForByte() throws ProtocolException {
    FrameMutator mutator = new FrameMutator(new SplittableRandom(5));
    int readCount = 0;
    for (int input = 0; input < 200_000; input++) {
      ByteBuffer bytes = mutator.nextHello();
      Frame frame;
      try {
        frame = decode(bytes);
      } catch (ProtocolException e) {
        continue;
      }
      if (!(frame instanceof Frame.Hello)) {
        continue;
      }
      readCount++;
      assertThat(Frames.bytes(frame)).isEqualTo(bytes);
    }
    assertThat(readCount).isGreaterThan(20_000);
  }

  @Test
  void anAuthFrameHasOneFlagAndItIsKnown() {
    byte[] challenge =
        Frames.body(Frames.bytes(new Frame.Challenge(Frame.Binding.NONE, Frames.BOB)));
    for (int flags : new int[] {0, 3, 4, 5, 0x81}) {
      assertThat(failure(Frames.frame(FrameCodec.AUTH, flags, challenge)).code())
          .isEqualTo(Code.INVALID_ARGUMENT);
    }
    challenge[0] = 9;
    assertThat(failure(Frames.frame(FrameCodec.AUTH, 1, challenge)).code())
        .isEqualTo(Code.UNIMPLEMENTED);
  }

  @Test
  void aWelcomeKeepsDigestAndCursor() throws ProtocolException {
    byte[] cursor = new byte[FrameCodec.CURSOR_BYTES_MAX];
    Arrays.fill(cursor, (byte) 7);
    Frame.Welcome welcome = new Frame.Welcome(Frames.ALICE, 2, 50, -5L, 90, cursor, 50);
    Frame.Welcome back = (Frame.Welcome) decode(Frames.bytes(welcome));
    assertThat(back).usingRecursiveComparison().isEqualTo(welcome);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5000, FrameCodec.PAYLOAD_BYTES_MAX})
  void dataKeepsPositionCursorAndPayload(int payloadBytes) throws ProtocolException {
    byte[] payload = new byte[payloadBytes];
    Arrays.fill(payload, (byte) 0x5A);
    Frame.Data bare =
        (Frame.Data) decode(Frames.data(Long.MAX_VALUE, null, ByteBuffer.wrap(payload)));
    assertThat(bare.position()).isEqualTo(Long.MAX_VALUE);
    assertThat(bare.cursor()).isNull();
    assertThat(bare.payload()).isEqualTo(ByteBuffer.wrap(payload));
    Frame.Data marked = (Frame.Data) decode(Frames.data(1, new byte[0], ByteBuffer.wrap(payload)));
    assertThat(marked.cursor()).isEmpty();
    assertThat(marked.payload()).isEqualTo(ByteBuffer.wrap(payload));
  }

  @ParameterizedTest
  @MethodSource("controlFrames")
  void aBodyThatIsCutAnywhereIsRefused(Frame frame) {
    ByteBuffer whole = Frames.bytes(frame);
    byte[] body = Frames.body(whole);
    for (int length = 0; length < body.length; length++) {
      ByteBuffer cut = Frames.frame(whole.get(4), whole.get(5), Arrays.copyOf(body, length));
      assertThat(failure(cut).code()).isEqualTo(Code.INVALID_ARGUMENT);
    }
  }

  @ParameterizedTest
  @MethodSource("controlFrames")
  void aBodyThatGoesOnIsRefused(Frame frame) {
    ByteBuffer whole = Frames.bytes(frame);
    byte[] body = Frames.body(whole);
    byte[] longer = Arrays.copyOf(body, body.length + 1);
    assertThat(failure(Frames.frame(whole.get(4), whole.get(5), longer)).code())
        .isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void anyFlippedBitOfDataIsFound() {
    anyFlippedBitIsFound(
        Frames.received(7, new byte[] {1, 2, 3}, Frames.text("payload"), Lease.UNPOOLED));
  }

  @Test
  void theSameFaultInHeadAndPayloadIsFound() {
    ByteBuffer whole = Frames.data(7, null, ByteBuffer.wrap(new byte[8]));
    int lastOfHead = FrameCodec.DATA_HEAD_BYTES_MIN - 1;
    int lastOfPayload = whole.limit() - FrameCodec.TRAILER_BYTES - 1;
    for (int bit = 0; bit < 8; bit++) {
      ByteBuffer damaged = ByteBuffer.allocate(whole.limit()).put(whole.duplicate()).flip();
      damaged.put(lastOfHead, (byte) (damaged.get(lastOfHead) ^ (1 << bit)));
      damaged.put(lastOfPayload, (byte) (damaged.get(lastOfPayload) ^ (1 << bit)));
      assertThat(failure(damaged).code()).isEqualTo(Code.ABORTED);
    }
  }

  @ParameterizedTest
  @MethodSource("controlFrames")
  void anyFlippedBitIsFound(Frame frame) {
    ByteBuffer whole = Frames.bytes(frame);
    for (int bit = 0; bit < whole.limit() * 8; bit++) {
      int index = bit / 8;
      whole.put(index, (byte) (whole.get(index) ^ (1 << (bit % 8))));
      assertThat(failure(whole.duplicate()).code()).isEqualTo(Code.ABORTED);
      whole.put(index, (byte) (whole.get(index) ^ (1 << (bit % 8))));
    }
  }

  @Test
  void anotherMagicIsNoHostpipe() {
    byte[] body = Frames.body(Frames.bytes(Frames.hello()));
    body[0] = 'G';
    ProtocolException refused = failure(Frames.frame(FrameCodec.HELLO, 7, body));
    assertThat(refused.code()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(refused).hasMessageContaining("does not speak Hostpipe");
  }

  @ParameterizedTest
  @ValueSource(strings = {"2-9", "0-0"})
  void versionsWithoutACommonOneAreNamed(String range) {
    byte[] body = Frames.body(Frames.bytes(Frames.hello()));
    body[4] = (byte) (range.charAt(0) - '0');
    body[5] = (byte) (range.charAt(2) - '0');
    ProtocolException refused = failure(Frames.frame(FrameCodec.HELLO, 7, body));
    assertThat(refused.code()).isEqualTo(Code.UNIMPLEMENTED);
    assertThat(refused).hasMessageContaining("versions " + range.replace("-", " to "));
  }

  @Test
  void anUnknownAcknowledgementLevelIsNotGuessed() {
    byte[] body = Frames.body(Frames.bytes(Frames.hello()));
    body[6] = 3;
    assertThat(failure(Frames.frame(FrameCodec.HELLO, 7, body)).code())
        .isEqualTo(Code.UNIMPLEMENTED);
  }

  @Test
  void aPeerCannotHoldMoreThanItHas() {
    byte[] body = Frames.body(Frames.bytes(Frames.hello()));
    ByteBuffer.wrap(body).putLong(31, 21);
    assertThat(failure(Frames.frame(FrameCodec.HELLO, 7, body)))
        .hasMessageContaining("holds more than it has");
  }

  @Test
  void aCursorCannotBeAheadOfItsStream() {
    byte[] cursor = {1};
    Frame.Welcome welcome = new Frame.Welcome(Frames.BOB, 1, 5, 0L, 9, cursor, 6);
    assertThat(failure(Frames.bytes(welcome))).hasMessageContaining("ahead of its stream");
  }

  @Test
  void anEpochAboveItsLimitIsRefused() {
    Frame.Welcome welcome =
        new Frame.Welcome(Frames.BOB, FrameCodec.EPOCH_MAX + 1, 5, 0L, 9, null, 0);
    assertThat(failure(Frames.bytes(welcome))).hasMessageContaining("an epoch is above");
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        FrameCodec.DATA,
        FrameCodec.ACK,
        FrameCodec.REJECT,
        FrameCodec.FIN,
        FrameCodec.FIN_ACK,
        FrameCodec.ABORT
      })
  void aNegativePositionIsRefused(int type) {
    byte[] body = new byte[40];
    body[0] = (byte) 0x80;
    assertThat(failure(Frames.frame(type, 0, body))).hasMessageContaining("negative");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 16, 127})
  void anUnknownTypeIsRefused(int type) {
    assertThat(failure(Frames.frame(type, 0, new byte[3])).code()).isEqualTo(Code.UNIMPLEMENTED);
  }

  @ParameterizedTest
  @ValueSource(ints = {128, 255})
  void anUnknownTypeThatMayBeSkippedIsSkipped(int type) throws ProtocolException {
    assertThat(decode(Frames.frame(type, 0xFF, new byte[30]))).isEqualTo(new Frame.Skipped(type));
  }

  @Test
  void flagsWithoutAMeaningAreIgnored() throws ProtocolException {
    assertThat(decode(Frames.frame(FrameCodec.BYE, 0xFF, new byte[0]))).isEqualTo(new Frame.Bye());
  }

  @Test
  void textsThatAreTooLongAreCutBetweenCharacters() throws ProtocolException {
    String euros = "€".repeat(400);
    Frame.GoAway back = (Frame.GoAway) decode(Frames.bytes(new Frame.GoAway(euros)));
    assertThat(back.reason()).isEqualTo("€".repeat(FrameCodec.REASON_BYTES_MAX / 3));
  }

  @Test
  void theLongestControlFrameFits() throws ProtocolException {
    String name = "n".repeat(FrameCodec.NAME_BYTES_MAX);
    Frame.Hello hello =
        new Frame.Hello(
            1,
            1,
            true,
            true,
            Frame.AckLevel.DURABLE,
            name,
            Frames.BOB,
            1,
            name,
            name,
            true,
            0,
            0,
            0,
            false);
    ByteBuffer bytes = Frames.bytes(hello);
    assertThat(bytes.remaining()).isLessThanOrEqualTo(FrameCodec.CONTROL_BYTES_MAX);
    assertThat(decode(bytes)).isEqualTo(hello);
  }

  @Test
  void aTextThatIsNotUtf8IsRefused() {
    byte[] body = {0, 2, (byte) 0xC3, (byte) 0x28};
    assertThat(failure(Frames.frame(FrameCodec.GOAWAY, 0, body))).hasMessageContaining("UTF-8");
  }

  @Test
  void aFieldAboveItsLimitIsRefusedBeforeItIsRead() {
    byte[] body = {(byte) 0xFF, (byte) 0xFF};
    assertThat(failure(Frames.frame(FrameCodec.GOAWAY, 0, body)))
        .hasMessageContaining("65535 bytes is above 1000");
    byte[] data = new byte[20];
    data[8] = 2;
    assertThat(failure(Frames.frame(FrameCodec.DATA, 1, data)))
        .hasMessageContaining("512 bytes is above 256");
  }

  @Test
  void theLayoutIsTheOneThatTheProtocolStates() {
    ByteBuffer hello = Frames.bytes(Frames.hello());
    assertThat(hello.getInt(0)).isEqualTo(hello.limit() - 4);
    assertThat(hello.get(4)).isEqualTo((byte) 1);
    assertThat(hello.get(5)).isEqualTo((byte) 5);
    byte[] magic = new byte[4];
    hello.get(FrameCodec.HEAD_BYTES, magic);
    assertThat(new String(magic, StandardCharsets.US_ASCII)).isEqualTo("HPIP");
    ByteBuffer bye = Frames.bytes(new Frame.Bye());
    assertThat(bye.remaining()).isEqualTo(FrameCodec.FRAME_BYTES_MIN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\nb", "\u001b[31m", "\u0000", "\u0085"})
  void aNameThatATerminalWouldActUponIsRefused(String name) {
    Frame.Hello good = Frames.hello();
    Frame.Hello bad =
        new Frame.Hello(
            1,
            1,
            true,
            false,
            good.ackLevel(),
            "raw",
            Frames.ALICE,
            1,
            name,
            name,
            true,
            10,
            20,
            3,
            false);
    ProtocolException failure = failure(Frames.bytes(bad));
    assertThat(failure.code()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(failure).hasMessageContaining("control character");
  }

  @Test
  void aStreamWithoutANameIsRefused() {
    ByteBuffer frame = Frames.bytes(Frames.hello());
    byte[] body = Frames.body(frame);
    byte[] shorter = Arrays.copyOf(body, body.length - "stream-1".length());
    shorter[shorter.length - 1] = 0;
    ProtocolException failure = failure(Frames.frame(FrameCodec.HELLO, 7, shorter));
    assertThat(failure.code()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(failure).hasMessageContaining("stream id is empty");
  }

  @Test
  void aReasonIsOneLine() throws ProtocolException {
    Frame shown = decode(Frames.bytes(new Frame.Failure(Code.ABORTED, "one\r\ntwo\u001b[2J")));
    assertThat(shown).isEqualTo(new Frame.Failure(Code.ABORTED, "one  two [2J"));
  }

  private static Frame decode(ByteBuffer frame) throws ProtocolException {
    return FrameCodec.decode(frame, Lease.UNPOOLED);
  }

  private static ProtocolException failure(ByteBuffer frame) {
    return catchThrowableOfType(ProtocolException.class, () -> decode(frame));
  }
}
