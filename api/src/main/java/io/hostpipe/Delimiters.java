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
    int limit = in.limit();
    int index = from;
    // A byte of the word below is zero where the input has the wanted byte; the classic trick then
    // raises the high bit of the lowest such byte (and, harmlessly, of some above it).
    long pattern = ONES * (wanted & 0xFF);
    boolean bigEndian = in.order() == ByteOrder.BIG_ENDIAN;
    for (; index <= limit - Long.BYTES; index += Long.BYTES) {
      long word = in.getLong(index);
      long zeros = (bigEndian ? Long.reverseBytes(word) : word) ^ pattern;
      long found = (zeros - ONES) & ~zeros & HIGHS;
      if (found != 0) {
        return index + (Long.numberOfTrailingZeros(found) >>> 3);
      }
    }
    for (; index < limit; index++) {
      if (in.get(index) == wanted) {
        return index;
      }
    }
    return -1;
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
