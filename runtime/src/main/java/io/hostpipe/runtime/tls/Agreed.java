package io.hostpipe.runtime.tls;

import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** What holds on one connection once both sides have agreed. Immutable. */
public final class Agreed {
  private static final String BINDING_LABEL = "EXPORTER-Channel-Binding";
  private static final int BINDING_BYTES = 32;

  private final String cipherSuite;
  private final byte[] binding;
  private final @Nullable X509Certificate certificate;
  private final PeerTrust trust;

  private Agreed(
      String cipherSuite, byte[] binding, @Nullable X509Certificate certificate, PeerTrust trust) {
    this.cipherSuite = cipherSuite;
    this.binding = binding;
    this.certificate = certificate;
    this.trust = trust;
  }

  /**
   * Of a session whose handshake is complete.
   *
   * @param asked whether the peer had to show a certificate
   * @throws SSLException when it has not
   */
  static Agreed of(SSLSession session, boolean asked, PeerTrust trust) throws SSLException {
    byte[] binding =
        ((ExtendedSSLSession) session)
            .exportKeyingMaterialData(BINDING_LABEL, new byte[0], BINDING_BYTES);
    X509Certificate shown = null;
    if (asked) {
      Certificate[] chain = session.getPeerCertificates();
      shown = chain[0] instanceof X509Certificate certificate ? certificate : null;
    }
    return new Agreed(session.getCipherSuite(), binding, shown, trust);
  }

  /**
   * What the two ends of this connection share: {@link io.hostpipe.runtime.Link#channelBinding}.
   */
  public byte[] binding() {
    return binding.clone();
  }

  /** The certificate that the peer has shown; null when it was asked for none. */
  public @Nullable X509Certificate certificate() {
    return certificate;
  }

  /** What the peer is called; null when it was asked for no certificate. */
  public @Nullable String principal() {
    return certificate == null ? null : trust.principal(certificate);
  }

  /** What was agreed and how the peer was known, for people. */
  public String description() {
    String agreed = "TLS 1.3, " + cipherSuite;
    return certificate == null
        ? agreed
        : agreed
            + "; certificate of "
            + certificate.getSubjectX500Principal().getName()
            + ", valid until "
            + PeerTrust.shown(certificate.getNotAfter().toInstant())
            + ", key "
            + Fingerprint.of(certificate)
            + " ("
            + trust.how()
            + ")";
  }
}
