package io.hostpipe.connector.tail;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Where lines end in bytes. */
final class LineBytes {
  private LineBytes() {}

  /** The index behind the last line end between there and the buffer's position; -1 for none. */
  static int lastEnd(ByteBuffer bytes, int from) {
    for (int index = bytes.position() - 1; index >= from; index--) {
      if (bytes.get(index) == '\n') {
        return index + 1;
      }
    }
    return -1;
  }

  /** Whether the last of the bytes ends a line. */
  static boolean endALine(byte[] bytes) {
    return bytes.length > 0 && bytes[bytes.length - 1] == '\n';
  }

  /** Both in a row; one of them itself when the other is empty. */
  static byte[] joined(byte[] front, byte[] back) {
    if (front.length == 0 || back.length == 0) {
      return front.length == 0 ? back : front;
    }
    byte[] both = Arrays.copyOf(front, front.length + back.length);
    System.arraycopy(back, 0, both, front.length, back.length);
    return both;
  }
}
