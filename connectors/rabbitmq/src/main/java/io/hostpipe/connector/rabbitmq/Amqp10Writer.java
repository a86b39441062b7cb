package io.hostpipe.connector.rabbitmq;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Values as AMQP 1.0 writes them (section 1.6), each in its shortest form or nearly.
 *
 * <p>Thread rule: one thread.
 */
final class Amqp10Writer {
  /** The head of a section. */
  static final int SECTION_BYTES = 3;

  /** The head of a compound value. */
  static final int COMPOUND_BYTES = 9;

  private static final int LENGTH_BYTES = 256;

  /** What is shorter has its length in one byte. */
  private static final int SMALL_MAX = 256;

  private ByteBuffer bytes;

  Amqp10Writer() {
    this(LENGTH_BYTES);
  }

  /** One that has room for so many bytes, and makes more when they are more. */
  Amqp10Writer(int lengthBytes) {
    this.bytes = ByteBuffer.allocate(lengthBytes);
  }

  byte[] toBytes() {
    return bytes.position() == bytes.capacity()
        ? bytes.array()
        : Arrays.copyOf(bytes.array(), bytes.position());
  }

  /** The head of a section, before its value. */
  Amqp10Writer section(int code) {
    return int8(Amqp10.DESCRIBED).int8(Amqp10.SMALL_ULONG).int8(code);
  }

  Amqp10Writer value(@Nullable Object value) {
    return switch (value) {
      case null -> int8(Amqp10.NULL);
      case Boolean yes -> int8(yes ? Amqp10.TRUE : Amqp10.FALSE);
      case byte[] raw -> sized(Amqp10.BINARY_8, Amqp10.BINARY_32, raw);
      case Date time -> int8(Amqp10.TIMESTAMP).int64(time.toInstant().toEpochMilli());
      case List<?> list -> list(list);
      default -> sized(Amqp10.TEXT_8, Amqp10.TEXT_32, value.toString().getBytes(UTF_8));
    };
  }

  Amqp10Writer symbol(@Nullable String value) {
    return value == null
        ? int8(Amqp10.NULL)
        : sized(Amqp10.SYMBOL_8, Amqp10.SYMBOL_32, value.getBytes(UTF_8));
  }

  /** Values that are written already, as a list or a map. */
  Amqp10Writer compound(int code, int count, byte[] values) {
    return int8(code).int32(values.length + 4).int32(count).raw(values);
  }

  private Amqp10Writer list(List<?> list) {
    Amqp10Writer inside = new Amqp10Writer();
    list.forEach(inside::value);
    return compound(Amqp10.LIST_32, list.size(), inside.toBytes());
  }

  /** Bytes, whose buffer is not moved. */
  Amqp10Writer binary(ByteBuffer value) {
    int lengthBytes = value.remaining();
    size(Amqp10.BINARY_8, Amqp10.BINARY_32, lengthBytes);
    room(lengthBytes).put(value.duplicate());
    return this;
  }

  /** How many bytes {@link #binary} takes for so many. */
  static int binaryBytes(int lengthBytes) {
    return lengthBytes + (lengthBytes < SMALL_MAX ? 2 : 1 + Integer.BYTES);
  }

  private Amqp10Writer sized(int smallCode, int code, byte[] value) {
    return size(smallCode, code, value.length).raw(value);
  }

  private Amqp10Writer size(int smallCode, int code, int lengthBytes) {
    return lengthBytes < SMALL_MAX
        ? int8(smallCode).int8(lengthBytes)
        : int8(code).int32(lengthBytes);
  }

  private Amqp10Writer int8(int value) {
    room(1).put((byte) value);
    return this;
  }

  /** What is written already. */
  Amqp10Writer raw(byte[] value) {
    room(value.length).put(value);
    return this;
  }

  private Amqp10Writer int32(int value) {
    room(Integer.BYTES).putInt(value);
    return this;
  }

  private Amqp10Writer int64(long value) {
    room(Long.BYTES).putLong(value);
    return this;
  }

  private ByteBuffer room(int moreBytes) {
    bytes = FrameWriter.withRoom(bytes, moreBytes);
    return bytes;
  }
}
