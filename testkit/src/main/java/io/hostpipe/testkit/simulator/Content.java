package io.hostpipe.testkit.simulator;

import io.hostpipe.Digest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one stream is made of: bytes, and the borders that a source cuts them at. Where it carries
 * messages, these are their ends. The first position may be anywhere, as in a stream that has run
 * for years.
 */
final class Content {
  private final boolean messages;
  private final int messageBytesMax;
  private final int rejectPercent;
  private final long base;
  private final long baseDigest;
  private byte[] bytes;
  private int[] borders;
  private int borderCount;

  /** What it was before the source began anew: that may still be on its way. */
  private final List<byte[]> earlier = new ArrayList<>();

  Content(
      Dice dice,
      boolean messages,
      int lengthBytes,
      int messageBytesMax,
      int rejectPercent,
      long base) {
    this.messages = messages;
    this.messageBytesMax = messageBytesMax;
    this.rejectPercent = rejectPercent;
    this.base = base;
    this.baseDigest = base == 0 ? 0 : dice.next();
    this.bytes = new byte[0];
    this.borders = new int[16];
    extend(dice, 0, lengthBytes);
  }

  /**
   * The source began anew and cannot repeat itself: from this position on it yields other bytes.
   */
  void replaceFrom(Dice dice, long position, int lengthBytes) {
    if (messages) {
      throw new IllegalStateException("only raw bytes may go on in the middle");
    }
    earlier.add(bytes);
    extend(dice, (int) (position - base), lengthBytes);
  }

  /** Whether the source began anew with other bytes. */
  boolean isAnother() {
    return !earlier.isEmpty();
  }

  boolean messages() {
    return messages;
  }

  long base() {
    return base;
  }

  long end() {
    return base + bytes.length;
  }

  ByteBuffer slice(long from, long to) {
    return ByteBuffer.wrap(bytes, (int) (from - base), (int) (to - from)).slice();
  }

  boolean has(long position, ByteBuffer run) {
    return isIn(bytes, position, run) || earlier.stream().anyMatch(old -> isIn(old, position, run));
  }

  private boolean isIn(byte[] all, long position, ByteBuffer run) {
    long offset = position - base;
    return offset >= 0
        && offset + run.remaining() <= all.length
        && ByteBuffer.wrap(all, (int) offset, run.remaining()).equals(run);
  }

  long digestAt(long position) {
    return Digest.fromLong(baseDigest).extend(slice(base, position)).toLong();
  }

  /** The first border above the position; the end of the stream if there is none. */
  long borderAbove(long position) {
    int index = indexAbove((int) (position - base));
    return index == borderCount ? end() : base + borders[index];
  }

  /** The first border that is so many bytes above the position; the end if there is none. */
  long batchEnd(long position, int leastBytes) {
    long to = borderAbove(position);
    while (to < position + leastBytes && to < end()) {
      to = borderAbove(to);
    }
    return to;
  }

  /** Whether a message ends there, or the stream begins. */
  boolean isBorder(long position) {
    int offset = (int) (position - base);
    return offset == 0 || !messages || Arrays.binarySearch(borders, 0, borderCount, offset) >= 0;
  }

  /** Whether the sink refuses the message that ends there: always the same answer. */
  boolean isRejected(long endPosition) {
    return messages
        && rejectPercent > 0
        && Math.floorMod(Trace.mix(endPosition * 31 + rejectPercent), 100) < rejectPercent;
  }

  /** The source's place at a border: the count of messages, with gaps as brokers have them. */
  byte[] cursorAt(long position) {
    int index = indexAbove((int) (position - base));
    return ByteBuffer.allocate(Long.BYTES).putLong(index * 3L + 7).array();
  }

  /** The position of a place that {@link #cursorAt} gave; -1 for any other. */
  long positionOf(byte @Nullable [] cursor) {
    if (cursor == null || cursor.length != Long.BYTES) {
      return -1;
    }
    long number = ByteBuffer.wrap(cursor).getLong() - 7;
    int index = (int) (number / 3);
    if (number % 3 != 0 || index < 0 || index > borderCount) {
      return -1;
    }
    return index == 0 ? base : base + borders[index - 1];
  }

  private int indexAbove(int offset) {
    int found = Arrays.binarySearch(borders, 0, borderCount, offset);
    return found >= 0 ? found + 1 : -found - 1;
  }

  private void extend(Dice dice, int from, int lengthBytes) {
    bytes = Arrays.copyOf(bytes, from + lengthBytes);
    while (borderCount > 0 && borders[borderCount - 1] > from) {
      borderCount--;
    }
    int offset = from;
    while (offset < bytes.length) {
      int next = Math.min(bytes.length, offset + 1 + dice.below(messageBytesMax));
      for (int index = offset; index < next; index += Long.BYTES) {
        long random = dice.next();
        for (int at = index; at < Math.min(next, index + Long.BYTES); at++) {
          bytes[at] = (byte) random;
          random >>= Byte.SIZE;
        }
      }
      offset = next;
      if (borderCount == borders.length) {
        borders = Arrays.copyOf(borders, borderCount * 2);
      }
      borders[borderCount++] = offset;
    }
  }
}
