package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FrameAssemblerTest {
  private final CountedMemory memory = new CountedMemory();
  private final FrameAssembler assembler = new FrameAssembler(memory);
  private final List<String> seen = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 100, 1000, 2048, 4096, 100_000})
  void framesComeOutTheSameHoweverTheBytesAreCut(int chunkBytes) throws ProtocolException {
    assembler.allowData();
    List<Frame> frames =
        List.of(
            Frames.hello(),
            data(0, 10),
            data(10, 5000),
            new Frame.Reject(3, 3, "x".repeat(999)),
            data(5010, 70_000),
            new Frame.Bye(),
            data(75_010, 0),
            data(75_010, 2030),
            data(77_040, 2040),
            new Frame.Ping(1));
    List<String> expected = new ArrayList<>();
    for (Frame frame : frames) {
      expected.add(shown(frame));
      feed(Frames.bytes(frame), chunkBytes);
    }
    assertThat(seen).isEqualTo(expected);
    assertThat(memory.outCount()).isZero();
  }

  @Test
  void gluedFramesComeOutOfOneRead() throws ProtocolException {
    ByteBuffer glued = ByteBuffer.allocate(20_000);
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Frame frame = i % 3 == 0 ? data(i, i * 10) : new Frame.Ping(i);
      expected.add(shown(frame));
      glued.put(Frames.bytes(frame));
    }
    feed(glued.flip(), 20_000);
    assertThat(seen).isEqualTo(expected);
  }

  @Test
  void aLargeFrameIsReadToItsPlaceTogetherWithTheNextOne() throws ProtocolException {
    assembler.allowData();
    ByteBuffer large = Frames.bytes(data(0, 5000));
    offer(large, 100);
    assertThat(assembler.poll()).isNull();
    assertThat(assembler.targets()).hasSize(2);
    assertThat(assembler.targets()[0].remaining()).isEqualTo(large.remaining());
    ByteBuffer glued = ByteBuffer.allocate(8000).put(large).put(Frames.bytes(new Frame.Bye()));
    feed(glued.flip(), 8000);
    assertThat(seen).containsExactly(shown(data(0, 5000)), shown(new Frame.Bye()));
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, Integer.MAX_VALUE, 1 << 30, 4093, 0, 5})
  void aLengthBeyondTheLimitsIsRefusedBeforeAnythingIsAllocated(int length) {
    offer(head(length, FrameCodec.DATA), FrameCodec.HEAD_BYTES);
    ProtocolException refused = catchThrowableOfType(ProtocolException.class, assembler::poll);
    assertThat(refused.code()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(memory.takenBytes()).isZero();
  }

  @Test
  void dataMayBeLongOnlyWhenItIsAllowed() throws ProtocolException {
    assembler.allowData();
    feed(Frames.bytes(data(0, FrameCodec.PAYLOAD_BYTES_MAX)), 100_000);
    assertThat(seen).hasSize(1);
    offer(head(FrameCodec.FRAME_BYTES_MAX - 3, FrameCodec.DATA), FrameCodec.HEAD_BYTES);
    assertThat(catchThrowableOfType(ProtocolException.class, assembler::poll))
        .hasMessageContaining("allowed are up to " + FrameCodec.FRAME_BYTES_MAX);
  }

  @Test
  void aControlFrameStaysShortWhenDataIsAllowed() {
    assembler.allowData();
    offer(head(5000, FrameCodec.HELLO), FrameCodec.HEAD_BYTES);
    assertThat(catchThrowableOfType(ProtocolException.class, assembler::poll))
        .hasMessageContaining("allowed are up to " + FrameCodec.CONTROL_BYTES_MAX);
  }

  @Test
  void whatWasNeverFinishedIsGivenBack() throws ProtocolException {
    assembler.allowData();
    offer(Frames.bytes(data(0, 50_000)), 300);
    assertThat(assembler.poll()).isNull();
    assertThat(memory.outCount()).isEqualTo(1);
    assembler.close();
    assembler.close();
    assertThat(memory.outCount()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 5000})
  void aDamagedFrameIsGivenBack(int payloadBytes) {
    assembler.allowData();
    ByteBuffer bytes = Frames.bytes(data(0, payloadBytes));
    bytes.put(bytes.limit() - 10, (byte) (bytes.get(bytes.limit() - 10) ^ 1));
    ProtocolException damaged =
        catchThrowableOfType(ProtocolException.class, () -> feed(bytes, 100_000));
    assertThat(damaged.code()).isEqualTo(Code.ABORTED);
    assertThat(memory.outCount()).isZero();
  }

  @Test
  void aDamagedLengthIsFoundBeforeTheRestHasCome() {
    assembler.allowData();
    ByteBuffer head = head(500, FrameCodec.DATA);
    head.put(1, (byte) 1);
    offer(head, FrameCodec.HEAD_BYTES);
    ProtocolException damaged = catchThrowableOfType(ProtocolException.class, assembler::poll);
    assertThat(damaged.code()).isEqualTo(Code.ABORTED);
    assertThat(memory.takenBytes()).isZero();
  }

  private static ByteBuffer head(int length, int type) {
    return Frames.head(ByteBuffer.allocate(FrameCodec.HEAD_BYTES), length, type, 0).flip();
  }

  private static Frame.Data data(long position, int payloadBytes) {
    byte[] payload = new byte[payloadBytes];
    Arrays.fill(payload, (byte) position);
    return Frames.received(position, null, ByteBuffer.wrap(payload), Lease.UNPOOLED);
  }

  private static String shown(Frame frame) {
    return frame instanceof Frame.Data data
        ? "DATA "
            + data.position()
            + " "
            + data.payload().remaining()
            + " "
            + data.payload().hashCode()
        : frame.toString();
  }

  private void feed(ByteBuffer bytes, int chunkBytes) throws ProtocolException {
    while (bytes.hasRemaining()) {
      offer(bytes, chunkBytes);
      for (Frame frame = assembler.poll(); frame != null; frame = assembler.poll()) {
        seen.add(shown(frame));
        if (frame instanceof Frame.Data data) {
          data.lease().release();
        }
      }
    }
  }

  /** As a scattering read of at most so many bytes. */
  private void offer(ByteBuffer bytes, int bytesMax) {
    int leftBytes = Math.min(bytesMax, bytes.remaining());
    for (ByteBuffer target : assembler.targets()) {
      int count = Math.min(leftBytes, target.remaining());
      target.put(bytes.slice(bytes.position(), count));
      bytes.position(bytes.position() + count);
      leftBytes -= count;
    }
  }
}
