package io.hostpipe.session;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Frames and their bytes, made by hand. */
final class Frames {
  static final Frame.Id ALICE = new Frame.Id(0xA11CE, 1);
  static final Frame.Id BOB = new Frame.Id(0xB0B, 2);

  private Frames() {}

  static Frame.Hello hello() {
    return new Frame.Hello(
        1,
        1,
        true,
        false,
        Frame.AckLevel.APPLIED,
        "raw",
        ALICE,
        1,
        "orders",
        "stream-1",
        true,
        10,
        20,
        3,
        false);
  }

  /** The bytes of a frame, DATA too, ready to be read. */
  static ByteBuffer bytes(Frame frame) {
    if (frame instanceof Frame.Data data) {
      return data(data.position(), data.cursor(), data.payload());
    }
    ByteBuffer out = ByteBuffer.allocate(FrameCodec.CONTROL_BYTES_MAX);
    FrameCodec.encode(frame, out);
    return out.flip();
  }

  static ByteBuffer data(long position, byte @Nullable [] cursor, ByteBuffer payload) {
    ByteBuffer out =
        ByteBuffer.allocate(
            FrameCodec.DATA_HEAD_BYTES_MAX + payload.remaining() + FrameCodec.TRAILER_BYTES);
    FrameCodec.encodeDataHead(position, cursor, payload.remaining(), out, new CRC32C());
    out.put(payload.duplicate());
    return closed(out);
  }

  /** A frame of any type and body, with the right length and CRC. */
  static ByteBuffer frame(int type, int flags, byte[] body) {
    ByteBuffer out = ByteBuffer.allocate(FrameCodec.FRAME_BYTES_MIN + body.length);
    return closed(head(out, out.capacity() - 4, type, flags).put(body));
  }

  /** What lies between flags and CRC. */
  static byte[] body(ByteBuffer frame) {
    byte[] body = new byte[frame.remaining() - FrameCodec.FRAME_BYTES_MIN];
    frame.get(frame.position() + FrameCodec.HEAD_BYTES, body);
    return body;
  }

  /** Appends a head with its check. */
  static ByteBuffer head(ByteBuffer out, int length, int type, int flags) {
    int start = out.position();
    out.putInt(length).put((byte) type).put((byte) flags);
    return out.putShort(FrameCodec.headCheck(out, start, new CRC32C()));
  }

  static ByteBuffer text(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A DATA frame as it comes in. */
  static Frame.Data received(
      long position, byte @Nullable [] cursor, ByteBuffer payload, Lease lease) {
    return new Frame.Data(
        position, cursor, payload, FrameCodec.crc32c(payload, new CRC32C()), lease);
  }

  private static ByteBuffer closed(ByteBuffer out) {
    return out.putInt(FrameCodec.trailer(out.duplicate().flip())).flip();
  }
}
