package io.hostpipe.runtime.tls;

import io.hostpipe.PipeException;
import java.io.IOException;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * One side of TLS as its files were at one moment: who it is, and whom it trusts. For {@link
 * TlsLink}, and for carriers that bring a TLS of their own to be driven by engines.
 *
 * <p>Thread rule: any thread.
 */
public final class TlsSide {
  private final Supplier<SSLEngine> engines;
  private final PeerTrust trust;
  private final boolean dials;
  private final boolean asked;

  /**
   * A side.
   *
   * @param asked whether the peer has to show a certificate
   */
  TlsSide(Supplier<SSLEngine> engines, PeerTrust trust, boolean dials, boolean asked) {
    this.engines = engines;
    this.trust = trust;
    this.dials = dials;
    this.asked = asked;
  }

  /**
   * An engine for one connection, set up as all of this side are.
   *
   * @param protocols what may be spoken inside, by their names in ALPN; none to leave it open
   */
  public SSLEngine engine(String... protocols) {
    SSLEngine engine = engines.get();
    if (protocols.length > 0) {
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setApplicationProtocols(protocols);
      engine.setSSLParameters(parameters);
    }
    return engine;
  }

  /** Whether this side dialed. */
  public boolean dials() {
    return dials;
  }

  /**
   * What holds on a connection of this side whose handshake is complete.
   *
   * @throws SSLException when the peer has not shown what it had to
   */
  public Agreed agreed(SSLSession session) throws SSLException {
    return Agreed.of(session, asked, trust);
  }

  /**
   * What a failure of TLS is to the user: refused for good, or to be tried again.
   *
   * @param peer for people
   */
  public IOException failed(SSLException failure, String peer) {
    return dials ? TlsErrors.ofDialer(failure, peer) : TlsErrors.ofListener(failure);
  }

  /** The same of whatever it was that a transport has told; null when it was not TLS. */
  public @Nullable IOException failedIn(Throwable failure, String peer) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof PipeException known) {
        return known;
      }
      if (each instanceof SSLException tls) {
        return failed(tls, peer);
      }
    }
    return null;
  }
}
