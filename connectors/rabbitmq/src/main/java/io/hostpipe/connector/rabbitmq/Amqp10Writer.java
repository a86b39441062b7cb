package io.hostpipe.connector.rabbitmq;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Date;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Values as AMQP 1.0 writes them (section 1.6), each in its shortest form or nearly.
 *
 * <p>Thread rule: one thread.
 */
final class Amqp10Writer {
  private static final int LENGTH_BYTES = 256;

  private final ByteArrayOutputStream bytes;
  private final DataOutputStream out;

  Amqp10Writer() {
    this(LENGTH_BYTES);
  }

  /** One that has room for so many bytes, and makes more when they are more. */
  Amqp10Writer(int lengthBytes) {
    this.bytes = new ByteArrayOutputStream(lengthBytes);
    this.out = new DataOutputStream(bytes);
  }

  byte[] toBytes() {
    return bytes.toByteArray();
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

  private Amqp10Writer sized(int smallCode, int code, byte[] value) {
    return value.length < 256
        ? int8(smallCode).int8(value.length).raw(value)
        : int8(code).int32(value.length).raw(value);
  }

  private Amqp10Writer int8(int value) {
    bytes.write(value);
    return this;
  }

  private Amqp10Writer raw(byte[] value) {
    bytes.writeBytes(value);
    return this;
  }

  private Amqp10Writer int32(int value) {
    try {
      out.writeInt(value);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException("memory can be written to", e);
    }
  }

  private Amqp10Writer int64(long value) {
    try {
      out.writeLong(value);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException("memory can be written to", e);
    }
  }
}
