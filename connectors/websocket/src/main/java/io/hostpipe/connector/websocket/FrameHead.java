package io.hostpipe.connector.websocket;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What stands before the payload of a WebSocket frame (RFC 6455, section 5.2). No thread, no I/O.
 *
 * @param masked whether the payload is masked, with this key
 * @param payloadBytes how long it is
 */
record FrameHead(boolean last, int opcode, boolean masked, int key, long payloadBytes) {
  static final int CONTINUATION = 0;
  static final int TEXT = 1;
  static final int BINARY = 2;
  static final int CLOSE = 8;
  static final int PING = 9;
  static final int PONG = 10;

  /** The longest head there is. */
  static final int BYTES_MAX = 14;

  /** What the payload of a control frame may have. */
  static final int CONTROL_BYTES_MAX = 125;

  private static final int LAST = 0x80;
  private static final int RESERVED = 0x70;
  private static final int OPCODE = 0x0F;
  private static final int MASKED = 0x80;
  private static final int LENGTH = 0x7F;
  private static final int LENGTH_16 = 126;
  private static final int LENGTH_64 = 127;

  /** A frame that is a whole message, or a control frame. */
  static FrameHead whole(int opcode, boolean masked, int key, long payloadBytes) {
    return new FrameHead(true, opcode, masked, key, payloadBytes);
  }

  boolean isControl() {
    return opcode >= CLOSE;
  }

  /**
   * Takes a head; null, and takes nothing, when more bytes are needed.
   *
   * @throws WebSocketException when these bytes are none
   */
  static @Nullable FrameHead read(ByteBuffer in) throws WebSocketException {
    if (in.remaining() < 2) {
      return null;
    }
    int start = in.position();
    int first = in.get(start) & 0xFF;
    int second = in.get(start + 1) & 0xFF;
    int shortLength = second & LENGTH;
    boolean masked = (second & MASKED) != 0;
    int lengthBytes = shortLength == LENGTH_16 ? 2 : shortLength == LENGTH_64 ? 8 : 0;
    int headBytes = 2 + lengthBytes + (masked ? 4 : 0);
    if (in.remaining() < headBytes) {
      return null;
    }
    long payloadBytes =
        switch (lengthBytes) {
          case 2 -> in.getShort(start + 2) & 0xFFFF;
          case 8 -> in.getLong(start + 2);
          default -> shortLength;
        };
    int key = masked ? in.getInt(start + 2 + lengthBytes) : 0;
    FrameHead head = new FrameHead((first & LAST) != 0, first & OPCODE, masked, key, payloadBytes);
    head.check((first & RESERVED) != 0);
    in.position(start + headBytes);
    return head;
  }

  private void check(boolean reserved) throws WebSocketException {
    if (reserved) {
      throw new WebSocketException(
          "a frame with reserved bits, of an extension that nobody asked for");
    }
    boolean known = opcode <= BINARY || (opcode >= CLOSE && opcode <= PONG);
    if (!known) {
      throw new WebSocketException("a frame of the unknown kind " + opcode);
    }
    if (payloadBytes < 0) {
      throw new WebSocketException("a frame of more than 2^63 bytes");
    }
    if (isControl() && (!last || payloadBytes > CONTROL_BYTES_MAX)) {
      throw new WebSocketException("a control frame that is in parts or too long");
    }
  }

  /** Puts it where there is room for {@link #BYTES_MAX} bytes. */
  void write(ByteBuffer out) {
    int maskBit = masked ? MASKED : 0;
    out.put((byte) ((last ? LAST : 0) | opcode));
    if (payloadBytes < LENGTH_16) {
      out.put((byte) (maskBit | (int) payloadBytes));
    } else if (payloadBytes <= 0xFFFF) {
      out.put((byte) (maskBit | LENGTH_16)).putShort((short) payloadBytes);
    } else {
      out.put((byte) (maskBit | LENGTH_64)).putLong(payloadBytes);
    }
    if (masked) {
      out.putInt(key);
    }
  }
}
