package io.hostpipe.runtime.tls;

import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** TLS 1.3, nothing older, and how its engines are set up here. */
final class Engines {
  private static final String[] PROTOCOLS = {"TLSv1.3"};

  /** All three of TLS 1.3 that Java has, the fastest first. */
  private static final String[] CIPHER_SUITES = {
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"
  };

  /** A ticket would let a later connection pass without another look at the certificate. */
  private static final int TICKET_SECONDS = 1;

  private Engines() {}

  static SSLContext context(OwnKey key, PeerTrust trust) {
    try {
      SSLContext context = SSLContext.getInstance(PROTOCOLS[0]);
      context.init(new KeyManager[] {key}, new TrustManager[] {trust}, null);
      context.getServerSessionContext().setSessionTimeout(TICKET_SECONDS);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has " + PROTOCOLS[0], e);
    }
  }

  /**
   * For who dials.
   *
   * @param hostName whom the certificate has to be for, where authorities are asked
   * @param serverName what the server is asked for; null, or what is no name of a host: nothing
   */
  static SSLEngine client(
      SSLContext context, String hostName, int port, @Nullable String serverName) {
    SSLEngine engine = context.createSSLEngine(hostName, port);
    engine.setUseClientMode(true);
    SSLParameters parameters = parameters(engine);
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    List<SNIServerName> names = new ArrayList<>();
    if (serverName != null && isName(serverName)) {
      names.add(new SNIHostName(serverName));
    }
    parameters.setServerNames(names);
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** For who listens. */
  static SSLEngine server(SSLContext context, boolean asksForCertificate) {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    SSLParameters parameters = parameters(engine);
    parameters.setUseCipherSuitesOrder(true);
    parameters.setNeedClientAuth(asksForCertificate);
    engine.setSSLParameters(parameters);
    return engine;
  }

  private static SSLParameters parameters(SSLEngine engine) {
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(PROTOCOLS);
    parameters.setCipherSuites(CIPHER_SUITES);
    return parameters;
  }

  /** An address in digits is no name that could be asked for (RFC 6066, 3). */
  private static boolean isName(String host) {
    return host.matches("[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?") && !host.matches("[0-9.]+");
  }
}
