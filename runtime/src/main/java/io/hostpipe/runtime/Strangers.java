package io.hostpipe.runtime;

import io.hostpipe.PipeException;
import io.hostpipe.session.Code;
import io.hostpipe.session.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** What is said of a peer that does not speak the protocol, so that a person sees who it was. */
final class Strangers {
  private static final int SHOWN_BYTES_MAX = 16;
  private static final int TLS_HEADER_BYTES = 5;
  private static final int TLS_ALERT = 21;
  private static final int TLS_HANDSHAKE = 22;
  private static final int TLS_MAJOR_VERSION = 3;

  private Strangers() {}

  /** One that dialed this side; the buffer holds its first bytes, up to its position. */
  static ProtocolException whoDialed(Link link, ByteBuffer first, ProtocolException cause) {
    if (isTls(first)) {
      return new ProtocolException(
          Code.FAILED_PRECONDITION, "it speaks TLS, and this port does not: tls-listen does");
    }
    return told(
        "not a Hostpipe peer, it began with '",
        first,
        cause,
        "plain programs connect to " + link.plainScheme() + "-listen");
  }

  /** One that this side dialed. */
  static ProtocolException whoAnswered(Link link, ByteBuffer first, ProtocolException cause) {
    if (isTls(first)) {
      return new ProtocolException(
          Code.FAILED_PRECONDITION, link.peer() + " speaks TLS: dial it with tls://");
    }
    return told(
        "no Hostpipe listens there, the answer began with '",
        first,
        cause,
        link.plainScheme() + " talks to plain programs");
  }

  /** What a carrier said that does not take the peer, or is not taken; null for a broken link. */
  static @Nullable ProtocolException refusal(IOException failure) {
    return failure instanceof PipeException.Refused refused
        ? new ProtocolException(refused.status().code(), String.valueOf(refused.getMessage()))
        : null;
  }

  /** Whether these are the first bytes of a TLS record: its type, and the major version. */
  private static boolean isTls(ByteBuffer first) {
    return first.position() >= TLS_HEADER_BYTES
        && (first.get(0) == TLS_HANDSHAKE || first.get(0) == TLS_ALERT)
        && first.get(1) == TLS_MAJOR_VERSION;
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
