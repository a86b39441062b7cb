package io.hostpipe.spi.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Trusts a server when authorities vouch for it under the name that was dialed (RFC 6125), also
 * where the library that dials does not ask for the name. It remembers why it did not.
 *
 * <p>Thread rule: any thread.
 */
final class HostTrust extends X509ExtendedTrustManager {
  /** The rules for names are those of HTTPS, with any protocol above. */
  private static final String NAMES = "HTTPS";

  private final X509ExtendedTrustManager authorities;
  private volatile @Nullable String distrust;

  HostTrust(X509ExtendedTrustManager authorities) {
    this.authorities = authorities;
  }

  /** Why a server was not trusted; null when none was refused. */
  @Nullable String distrust() {
    return distrust;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
      throws CertificateException {
    if (!(socket instanceof SSLSocket secured)) {
      throw unnamed();
    }
    SSLParameters parameters = secured.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm(NAMES);
    secured.setSSLParameters(parameters);
    remember(() -> authorities.checkServerTrusted(chain, authType, secured));
  }

  @Override
  public void checkServerTrusted(
      X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
      throws CertificateException {
    if (engine == null) {
      throw unnamed();
    }
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm(NAMES);
    engine.setSSLParameters(parameters);
    remember(() -> authorities.checkServerTrusted(chain, authType, engine));
  }

  /** Refused: nobody says which host was dialed. */
  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw unnamed();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
      throws CertificateException {
    authorities.checkClientTrusted(chain, authType, socket);
  }

  @Override
  public void checkClientTrusted(
      X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
      throws CertificateException {
    authorities.checkClientTrusted(chain, authType, engine);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    authorities.checkClientTrusted(chain, authType);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return authorities.getAcceptedIssuers();
  }

  private static CertificateException unnamed() {
    return new CertificateException("nothing says which host was dialed");
  }

  private void remember(Check check) throws CertificateException {
    try {
      check.run();
    } catch (CertificateException e) {
      distrust = deepest(e).getMessage();
      throw e;
    }
  }

  /** What the checks of a path found stands below what they were doing. */
  private static Throwable deepest(Throwable failure) {
    Throwable deepest = failure;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return deepest;
  }

  /** What may find that a certificate is not to be trusted. */
  @FunctionalInterface
  private interface Check {
    void run() throws CertificateException;
  }
}
