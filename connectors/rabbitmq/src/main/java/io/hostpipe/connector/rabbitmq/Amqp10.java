package io.hostpipe.connector.rabbitmq;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Values of AMQP 1.0 (section 1.6) as they are read: whatever a client of any language wrote.
 *
 * <p>Static. What is no value ends with an IllegalArgumentException, or with one of the buffer's.
 */
final class Amqp10 {
  static final int DESCRIBED = 0x00;
  static final int SMALL_ULONG = 0x53;
  static final int NULL = 0x40;
  static final int TRUE = 0x41;
  static final int FALSE = 0x42;
  static final int TIMESTAMP = 0x83;
  static final int BINARY_8 = 0xA0;
  static final int TEXT_8 = 0xA1;
  static final int SYMBOL_8 = 0xA3;
  static final int BINARY_32 = 0xB0;
  static final int TEXT_32 = 0xB1;
  static final int SYMBOL_32 = 0xB3;
  static final int LIST_32 = 0xD0;
  static final int MAP_32 = 0xD1;

  private static final int LISTS_WITHIN_MAX = 32;

  private Amqp10() {}

  /** The number of a section or another described value, whose value comes next. */
  static long descriptor(ByteBuffer in) {
    if (in.get() != DESCRIBED) {
      throw new IllegalArgumentException("a section of AMQP 1.0 begins with 0");
    }
    return value(in) instanceof Long number ? number : -1;
  }

  /** The next value: text, bytes, whole numbers as Long, others as what they are in Java. */
  static @Nullable Object value(ByteBuffer in) {
    return value(in, 0);
  }

  /**
   * The next value, when it is bytes, in the memory where it lies; null for another, which is still
   * the next one then.
   */
  static @Nullable ByteBuffer binary(ByteBuffer in) {
    int code = Byte.toUnsignedInt(in.get(in.position()));
    if (code != BINARY_8 && code != BINARY_32) {
      return null;
    }
    in.get();
    int lengthBytes = code == BINARY_8 ? Byte.toUnsignedInt(in.get()) : in.getInt();
    return part(in, lengthBytes);
  }

  private static @Nullable Object value(ByteBuffer in, int within) {
    return value(Byte.toUnsignedInt(in.get()), in, within);
  }

  private static @Nullable Object value(int code, ByteBuffer in, int within) {
    if (within > LISTS_WITHIN_MAX) {
      throw new IllegalArgumentException("lists within lists, more than " + LISTS_WITHIN_MAX);
    }
    return switch (code) {
      case DESCRIBED -> {
        value(in, within + 1);
        yield value(in, within + 1);
      }
      case NULL -> null;
      case TRUE -> true;
      case FALSE -> false;
      case 0x43, 0x44 -> 0L;
      case 0x45 -> List.of();
      case 0x50, SMALL_ULONG, 0x52 -> (long) Byte.toUnsignedInt(in.get());
      case 0x51, 0x54, 0x55 -> (long) in.get();
      case 0x56 -> in.get() != 0;
      case 0x60 -> (long) Short.toUnsignedInt(in.getShort());
      case 0x61 -> (long) in.getShort();
      case 0x70 -> Integer.toUnsignedLong(in.getInt());
      case 0x71 -> (long) in.getInt();
      case 0x72 -> in.getFloat();
      case 0x73 -> Character.toString(in.getInt());
      case 0x80, 0x81 -> in.getLong();
      case 0x82 -> in.getDouble();
      case TIMESTAMP -> Instant.ofEpochMilli(in.getLong());
      case 0x98 -> new UUID(in.getLong(), in.getLong()).toString();
      case 0x74, 0x84, 0x94 -> HexFormat.of().formatHex(bytes(in, 4 << ((code - 0x74) >> 4)));
      case BINARY_8 -> bytes(in, Byte.toUnsignedInt(in.get()));
      case BINARY_32 -> bytes(in, in.getInt());
      case TEXT_8, SYMBOL_8 -> new String(bytes(in, Byte.toUnsignedInt(in.get())), UTF_8);
      case TEXT_32, SYMBOL_32 -> new String(bytes(in, in.getInt()), UTF_8);
      case 0xC0 -> list(part(in, Byte.toUnsignedInt(in.get())), false, within);
      case LIST_32 -> list(part(in, in.getInt()), true, within);
      case 0xC1 -> map(part(in, Byte.toUnsignedInt(in.get())), false, within);
      case MAP_32 -> map(part(in, in.getInt()), true, within);
      case 0xE0 -> array(part(in, Byte.toUnsignedInt(in.get())), false, within);
      case 0xF0 -> array(part(in, in.getInt()), true, within);
      default -> throw new IllegalArgumentException("no type of AMQP 1.0: " + code);
    };
  }

  private static List<@Nullable Object> list(ByteBuffer in, boolean large, int within) {
    List<@Nullable Object> values = new ArrayList<>();
    for (long count = count(in, large); count > 0; count--) {
      values.add(value(in, within + 1));
    }
    return values;
  }

  private static Map<String, @Nullable Object> map(ByteBuffer in, boolean large, int within) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (long count = count(in, large); count > 0; count -= 2) {
      String name = String.valueOf(value(in, within + 1));
      values.put(name, value(in, within + 1));
    }
    return values;
  }

  /** Values of one type, which is said once; as a list. */
  private static List<@Nullable Object> array(ByteBuffer in, boolean large, int within) {
    long count = count(in, large);
    int code = Byte.toUnsignedInt(in.get());
    if (code == DESCRIBED) {
      value(in, within + 1);
      code = Byte.toUnsignedInt(in.get());
    }
    if (count > in.limit()) {
      throw new IllegalArgumentException("an array of " + count + " values without content");
    }
    List<@Nullable Object> values = new ArrayList<>();
    for (; count > 0; count--) {
      values.add(value(code, in, within + 1));
    }
    return values;
  }

  private static long count(ByteBuffer in, boolean large) {
    return large ? Integer.toUnsignedLong(in.getInt()) : Byte.toUnsignedInt(in.get());
  }

  private static ByteBuffer part(ByteBuffer in, int lengthBytes) {
    ByteBuffer part = in.slice(in.position(), lengthBytes);
    in.position(in.position() + lengthBytes);
    return part;
  }

  private static byte[] bytes(ByteBuffer in, int lengthBytes) {
    if (lengthBytes < 0 || lengthBytes > in.remaining()) {
      throw new IllegalArgumentException("a value of " + lengthBytes + " bytes in fewer");
    }
    byte[] value = new byte[lengthBytes];
    in.get(value);
    return value;
  }
}
