package io.hostpipe.runtime;

import io.hostpipe.session.ProtocolException;
import java.nio.ByteBuffer;

/** What is said of a peer that does not speak the protocol, so that a person sees who it was. */
final class Strangers {
  private static final int SHOWN_BYTES_MAX = 16;

  private Strangers() {}

  /** One that dialed this side; the buffer holds its first bytes, up to its position. */
  static ProtocolException whoDialed(Link link, ByteBuffer first, ProtocolException cause) {
    return told(
        "not a Hostpipe peer, it began with '",
        first,
        cause,
        "plain programs connect to " + link.plainScheme() + "-listen");
  }

  /** One that this side dialed. */
  static ProtocolException whoAnswered(Link link, ByteBuffer first, ProtocolException cause) {
    return told(
        "no Hostpipe listens there, the answer began with '",
        first,
        cause,
        link.plainScheme() + " talks to plain programs");
  }

  private static ProtocolException told(
      String what, ByteBuffer first, ProtocolException cause, String advice) {
    StringBuilder text = new StringBuilder(what);
    for (int index = 0; index < Math.min(SHOWN_BYTES_MAX, first.position()); index++) {
      int b = first.get(index) & 0xFF;
      text.append(b >= 0x20 && b < 0x7F ? (char) b : '.');
    }
    text.append("' (").append(cause.getMessage()).append("); ").append(advice);
    return new ProtocolException(cause.code(), text.toString());
  }
}
