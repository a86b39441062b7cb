package io.hostpipe.connector.websocket;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What a client's payload is combined with (RFC 6455, section 5.3), so that a page in a browser
 * cannot choose the bytes that a proxy sees. The same call masks and unmasks. Eight bytes at a
 * time: byte by byte it would be the slowest thing on the way.
 */
final class Mask {
  private Mask() {}

  /**
   * Masks what lies between two indexes, where it lies.
   *
   * @param offset how many bytes of the payload came before, for the key repeats each four
   */
  static void apply(ByteBuffer buffer, int from, int to, int key, long offset) {
    ByteBuffer view = buffer.duplicate().clear().order(ByteOrder.BIG_ENDIAN);
    int turned = turned(key, offset);
    long wide = wide(turned);
    int index = from;
    for (; index + 8 <= to; index += 8) {
      view.putLong(index, view.getLong(index) ^ wide);
    }
    for (; index < to; index++) {
      view.put(index, (byte) (view.get(index) ^ at(turned, index - from)));
    }
  }

  /** Takes so many bytes out of one buffer and puts them masked into another one. */
  static void copy(ByteBuffer from, ByteBuffer to, int lengthBytes, int key, long offset) {
    ByteBuffer in = from.slice(from.position(), lengthBytes).order(ByteOrder.BIG_ENDIAN);
    ByteBuffer out = to.slice(to.position(), lengthBytes).order(ByteOrder.BIG_ENDIAN);
    int turned = turned(key, offset);
    long wide = wide(turned);
    int index = 0;
    for (; index + 8 <= lengthBytes; index += 8) {
      out.putLong(index, in.getLong(index) ^ wide);
    }
    for (; index < lengthBytes; index++) {
      out.put(index, (byte) (in.get(index) ^ at(turned, index)));
    }
    from.position(from.position() + lengthBytes);
    to.position(to.position() + lengthBytes);
  }

  private static int turned(int key, long offset) {
    return Integer.rotateLeft(key, (int) (offset & 3) * 8);
  }

  private static long wide(int key) {
    return ((long) key << 32) | (key & 0xFFFF_FFFFL);
  }

  private static int at(int key, int index) {
    return key >>> (24 - (index & 3) * 8);
  }
}
