package io.hostpipe.connector.websocket;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Why a side closes a WebSocket: a number (RFC 6455, section 7.4.1), and what it says to people.
 *
 * @param number as on the wire; {@link #NONE} when there was none
 */
record CloseCode(int number) {
  static final int NONE = 1005;

  static final CloseCode NORMAL = new CloseCode(1000);
  static final CloseCode PROTOCOL_ERROR = new CloseCode(1002);
  static final CloseCode UNSUPPORTED = new CloseCode(1003);

  /** Behind the number; what is longer is cut by us, and not shown of others. */
  private static final int REASON_BYTES_MAX = FrameHead.CONTROL_BYTES_MAX - 2;

  /** What the peer said, for people. */
  static String shown(ByteBuffer payload) {
    if (payload.remaining() < 2) {
      return new CloseCode(NONE).toString();
    }
    CloseCode code = new CloseCode(payload.getShort() & 0xFFFF);
    String reason = StandardCharsets.UTF_8.decode(payload).toString();
    String clean = reason.replaceAll("\\p{Cntrl}", "?");
    return clean.isEmpty() ? code.toString() : code + ": '" + clean + "'";
  }

  /** Whether these are the peer's words at the end of a pipe in good order. */
  static boolean isNormal(ByteBuffer payload) {
    return payload.remaining() < 2
        || (payload.getShort(payload.position()) & 0xFFFF) == NORMAL.number;
  }

  /** The payload of a close frame. */
  ByteBuffer payload(String reason) {
    byte[] text = reason.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(FrameHead.CONTROL_BYTES_MAX)
        .putShort((short) number)
        .put(text, 0, Math.min(text.length, REASON_BYTES_MAX))
        .flip();
  }

  @Override
  public String toString() {
    return number
        + " ("
        + switch (number) {
          case 1000 -> "normal";
          case 1001 -> "it goes away";
          case 1002 -> "a broken rule of WebSocket";
          case 1003 -> "it takes no such data";
          case NONE -> "no reason given";
          case 1007 -> "data that is not what it says";
          case 1008 -> "against its policy";
          case 1009 -> "a message too big for it";
          case 1010 -> "an extension is missing";
          case 1011 -> "an error of its own";
          case 1012 -> "it restarts";
          case 1013 -> "overloaded, try again later";
          case 1014 -> "a gateway got a bad answer";
          default -> "a code that is not in RFC 6455";
        }
        + ")";
  }
}
