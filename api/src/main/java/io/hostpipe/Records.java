package io.hostpipe;

import java.nio.ByteBuffer;

/**
 * The record envelope: {@code varint payloadLength, varint headersLength, headers, payload}.
 *
 * <p>Varints are unsigned LEB128, at most {@value #VARINT_BYTES_MAX} bytes, and in their shortest
 * form: so that encoding is a function of the message and a replay gives the same positions.
 */
public final class Records {
  /** The most bytes of a varint here: lengths are below 2^31. */
  public static final int VARINT_BYTES_MAX = 5;

  /** The longest payload of one message. */
  public static final int PAYLOAD_BYTES_MAX = 16 << 20;

  /** What {@link #lengthAt} answers when the bytes end before the record's lengths do. */
  public static final int INCOMPLETE = -1;

  private Records() {}

  /** The bytes of a record with these lengths. */
  public static int lengthBytes(int payloadLengthBytes, int headersLengthBytes) {
    return varintLengthBytes(payloadLengthBytes)
        + varintLengthBytes(headersLengthBytes)
        + headersLengthBytes
        + payloadLengthBytes;
  }

  /**
   * The whole length of the record that begins at this index, whether or not all of it is there.
   *
   * @return the length in bytes, or {@link #INCOMPLETE} when the two lengths are not all there
   * @throws IllegalArgumentException when the bytes are no record or it is longer than allowed
   */
  public static int lengthAt(ByteBuffer bytes, int index) {
    // Each record is passed here once to find borders, so the usual lengths are read at a glance.
    if (index + 2 < bytes.limit()) {
      int first = bytes.get(index);
      int second = bytes.get(index + 1);
      if ((first | second) >= 0) {
        return 2 + first + second;
      }
      int third = bytes.get(index + 2);
      if (second > 0 && third >= 0) {
        return 3 + (first & 0x7F) + (second << 7) + third;
      }
    }
    return anyLengthAt(bytes, index);
  }

  private static int anyLengthAt(ByteBuffer bytes, int index) {
    long payload = varintAt(bytes, index);
    if (payload == INCOMPLETE) {
      return INCOMPLETE;
    }
    int headersIndex = index + varintLengthBytes((int) payload);
    long headers = varintAt(bytes, headersIndex);
    if (headers == INCOMPLETE) {
      return INCOMPLETE;
    }
    check((int) payload, (int) headers);
    return lengthBytes((int) payload, (int) headers);
  }

  static void check(int payloadLengthBytes, int headersLengthBytes) {
    if (payloadLengthBytes > PAYLOAD_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a message has at most " + PAYLOAD_BYTES_MAX + " bytes, this one " + payloadLengthBytes);
    }
    if (headersLengthBytes > Headers.LENGTH_BYTES_MAX) {
      throw new IllegalArgumentException(
          "headers have at most "
              + Headers.LENGTH_BYTES_MAX
              + " bytes, these "
              + headersLengthBytes);
    }
  }

  static int varintLengthBytes(int value) {
    return (38 - Integer.numberOfLeadingZeros(value | 1)) / 7;
  }

  static void writeVarint(ByteBuffer out, int value) {
    int rest = value;
    while ((rest & ~0x7F) != 0) {
      out.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }

  /**
   * Reads at the buffer's position and moves it behind the number.
   *
   * @throws IllegalArgumentException when it is cut off or no length
   */
  static int readVarint(ByteBuffer in) {
    if (!in.hasRemaining()) {
      throw new IllegalArgumentException("a length is cut off");
    }
    int first = in.get();
    if (first >= 0) {
      return first;
    }
    in.position(in.position() - 1);
    long value = varintAt(in, in.position());
    if (value == INCOMPLETE) {
      throw new IllegalArgumentException("a length is cut off");
    }
    in.position(in.position() + varintLengthBytes((int) value));
    return (int) value;
  }

  static void writeField(ByteBuffer out, byte[] value) {
    writeVarint(out, value.length);
    out.put(value);
  }

  static byte[] readField(ByteBuffer in) {
    byte[] value = new byte[fieldLength(in)];
    in.get(value);
    return value;
  }

  static void skipField(ByteBuffer in) {
    int lengthBytes = fieldLength(in);
    in.position(in.position() + lengthBytes);
  }

  private static int fieldLength(ByteBuffer in) {
    int lengthBytes = readVarint(in);
    if (lengthBytes > in.remaining()) {
      throw new IllegalArgumentException("a header is longer than its block: " + lengthBytes);
    }
    return lengthBytes;
  }

  private static long varintAt(ByteBuffer in, int index) {
    int limit = Math.min(in.limit(), index + VARINT_BYTES_MAX);
    long value = 0;
    for (int i = index, shift = 0; i < limit; i++, shift += 7) {
      int b = in.get(i);
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        if (value > Integer.MAX_VALUE || (b == 0 && shift > 0)) {
          throw new IllegalArgumentException("not a length in its shortest form, or above 2^31");
        }
        return value;
      }
    }
    if (limit == index + VARINT_BYTES_MAX) {
      throw new IllegalArgumentException("a length has more than five bytes");
    }
    return INCOMPLETE;
  }
}
