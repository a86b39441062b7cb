package io.hostpipe;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Finds delimiters fast: eight bytes at a time for the first byte, then the rest of it. */
final class Delimiters {
  private static final long ONES = 0x0101_0101_0101_0101L;
  private static final long HIGHS = 0x8080_8080_8080_8080L;

  private Delimiters() {}

  /** The index of the next delimiter at or behind this index; -1 when there is none. */
  static int indexOf(ByteBuffer in, int from, byte[] delimiter) {
    int last = in.limit() - delimiter.length;
    int index = from;
    while (index <= last) {
      index = indexOf(in, index, delimiter[0]);
      if (index < 0 || index > last) {
        return -1;
      }
      if (delimiter.length == 1 || matches(in, index, delimiter)) {
        return index;
      }
      index++;
    }
    return -1;
  }

  /** The index of the next such byte at or behind this index; -1 when there is none. */
  static int indexOf(ByteBuffer in, int from, byte wanted) {
    return indexOf(in, from, in.limit(), wanted);
  }

  /** The index of the next such byte between these indexes; -1 when there is none. */
  static int indexOf(ByteBuffer in, int from, int limit, byte wanted) {
    int index = from;
    long pattern = ONES * (wanted & 0xFF);
    for (; index <= limit - Long.BYTES; index += Long.BYTES) {
      long zeros = in.getLong(index) ^ pattern;
      if (((zeros - ONES) & ~zeros & HIGHS) != 0) {
        return index + firstZero(in, zeros);
      }
    }
    if (index < limit && limit - from >= Long.BYTES) {
      // The last bytes, together with some that were looked at and are none of those wanted.
      index = limit - Long.BYTES;
      long zeros = in.getLong(index) ^ pattern;
      return ((zeros - ONES) & ~zeros & HIGHS) == 0 ? -1 : index + firstZero(in, zeros);
    }
    for (; index < limit; index++) {
      if (in.get(index) == wanted) {
        return index;
      }
    }
    return -1;
  }

  /** Which of the bytes of this word is the first one that is zero, as they lie in memory. */
  private static int firstZero(ByteBuffer in, long zeros) {
    long inOrder = in.order() == ByteOrder.BIG_ENDIAN ? Long.reverseBytes(zeros) : zeros;
    // The classic trick raises the high bit of the lowest zero byte, and of some above it.
    return Long.numberOfTrailingZeros((inOrder - ONES) & ~inOrder & HIGHS) >>> 3;
  }

  private static boolean matches(ByteBuffer in, int index, byte[] delimiter) {
    for (int offset = 1; offset < delimiter.length; offset++) {
      if (in.get(index + offset) != delimiter[offset]) {
        return false;
      }
    }
    return true;
  }
}
