package io.hostpipe.connector.rabbitmq;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One frame of RabbitMQ's stream protocol while it is written: big-endian, its length in front.
 *
 * <p>Thread rule: one thread.
 */
final class FrameWriter {
  /** Length, command and version. */
  static final int HEAD_BYTES = 8;

  private static final int VERSION = 1;

  private ByteBuffer bytes = ByteBuffer.allocate(256);

  /** An empty frame of this command. */
  FrameWriter(int command) {
    begin(command);
  }

  /** Begins another frame in the same memory. */
  FrameWriter begin(int command) {
    bytes.clear().putInt(0).putShort((short) command).putShort((short) VERSION);
    return this;
  }

  FrameWriter int8(int value) {
    room(1).put((byte) value);
    return this;
  }

  FrameWriter int16(int value) {
    room(2).putShort((short) value);
    return this;
  }

  FrameWriter int32(int value) {
    room(4).putInt(value);
    return this;
  }

  FrameWriter int64(long value) {
    room(8).putLong(value);
    return this;
  }

  /** With a length of two bytes; null is said by -1. */
  FrameWriter text(@Nullable String value) {
    if (value == null) {
      return int16(-1);
    }
    byte[] utf8 = value.getBytes(UTF_8);
    room(2 + utf8.length).putShort((short) utf8.length).put(utf8);
    return this;
  }

  /** With a length of four bytes. */
  FrameWriter bytes(byte[] value) {
    room(4 + value.length).putInt(value.length).put(value);
    return this;
  }

  FrameWriter texts(List<String> values) {
    int32(values.size());
    values.forEach(this::text);
    return this;
  }

  FrameWriter map(Map<String, String> values) {
    int32(values.size());
    values.forEach((name, value) -> text(name).text(value));
    return this;
  }

  /** How long it is so far. */
  int lengthBytes() {
    return bytes.position();
  }

  /** Overwrites four bytes. */
  void int32At(int index, int value) {
    bytes.putInt(index, value);
  }

  void writeTo(OutputStream out) throws IOException {
    bytes.putInt(0, bytes.position() - 4);
    out.write(bytes.array(), 0, bytes.position());
  }

  private ByteBuffer room(int moreBytes) {
    bytes = withRoom(bytes, moreBytes);
    return bytes;
  }

  /** The same bytes, and behind them room for so many more: in new memory where there is none. */
  static ByteBuffer withRoom(ByteBuffer bytes, int moreBytes) {
    if (bytes.remaining() >= moreBytes) {
      return bytes;
    }
    int lengthBytes = Math.max(2 * bytes.capacity(), bytes.position() + moreBytes);
    return ByteBuffer.allocate(lengthBytes).put(bytes.flip());
  }
}
