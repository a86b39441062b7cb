package io.hostpipe.runtime.tls;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.util.Locale;
import javax.net.ssl.SSLException;

/**
 * What a failure of TLS is to the user: a refusal where one side does not take the other, which no
 * further try changes; else a broken link, since a byte that was damaged on the way looks like any
 * other mistake of the peer.
 */
final class TlsErrors {
  private static final String ALERT = "Received fatal alert: ";

  private TlsErrors() {}

  /** For who dialed: refused for good, or to be tried again. */
  static IOException ofDialer(SSLException failure, String peer) {
    Distrust distrust = Distrust.in(failure);
    if (distrust != null) {
      return new PipeException.Refused(
          Status.UNAUTHENTICATED, peer + " is not trusted: " + distrust.reason(), failure);
    }
    String alert = alert(failure);
    String refusal = refusal(alert);
    return refusal.isEmpty()
        ? new IOException("TLS with " + peer + " failed: " + text(failure), failure)
        : new PipeException.Refused(
            Status.UNAUTHENTICATED, peer + " " + refusal + " (" + alert + ")", failure);
  }

  /** For who listens: one line, and nobody tries again. */
  static PipeException ofListener(SSLException failure) {
    Distrust distrust = Distrust.in(failure);
    if (distrust != null) {
      return new PipeException.Refused(
          Status.UNAUTHENTICATED, "turned away: " + distrust.reason(), failure);
    }
    String alert = alert(failure);
    String refusal = refusal(alert);
    return new PipeException.Refused(
        Status.UNAUTHENTICATED,
        refusal.isEmpty()
            ? "no TLS 1.3 could be agreed: " + text(failure)
            : refusal + " (" + alert + ")",
        failure);
  }

  /** What an alert of the peer says of us; empty for what may be damage on the way. */
  private static String refusal(String alert) {
    return switch (alert) {
      case "certificate_required", "bad_certificate" ->
          "wants a certificate that this side has not shown, or not a good one: cert= and key= name"
              + " one, 'hostpipe key' makes one";
      case "certificate_unknown", "unknown_ca", "access_denied", "unsupported_certificate" ->
          "does not take this side's certificate: is its key among those allowed there, or its"
              + " authority?";
      case "certificate_expired" -> "says that this side's certificate has expired";
      case "certificate_revoked" -> "says that this side's certificate was revoked";
      case "unrecognized_name" -> "has no such name; sni= and host= say another";
      case "protocol_version" -> "speaks no TLS 1.3";
      case "handshake_failure", "insufficient_security" -> "agrees to no cipher of TLS 1.3";
      default -> "";
    };
  }

  private static String alert(SSLException failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      String message = each.getMessage();
      int at = message == null ? -1 : message.indexOf(ALERT);
      if (message != null && at >= 0) {
        return message.substring(at + ALERT.length()).toLowerCase(Locale.ROOT);
      }
    }
    return "";
  }

  private static String text(SSLException failure) {
    return failure.getMessage() == null ? failure.toString() : failure.getMessage();
  }
}
