package io.hostpipe.runtime.tls;

import java.security.cert.CertificateException;
import org.jspecify.annotations.Nullable;

/** Why a peer's certificate is not taken, in one line for a person. */
final class Distrust extends CertificateException {
  private static final long serialVersionUID = 1L;

  private final String reason;

  Distrust(String reason) {
    super(reason);
    this.reason = reason;
  }

  String reason() {
    return reason;
  }

  /** The one in a chain of causes; null when there is none. */
  static @Nullable Distrust in(Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof Distrust distrust) {
        return distrust;
      }
    }
    return null;
  }
}
