package io.hostpipe.connector.grpc;

import io.hostpipe.runtime.tls.TlsSide;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.security.KeyManagementException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;

/**
 * Gives Hostpipe's own engines to the transport, one for each connection. Whose certificate is
 * taken, and what this side shows, is decided in one place for all carriers ({@link TlsSide}); the
 * transport adds that HTTP/2 is spoken inside.
 *
 * <p>Thread rule: any thread.
 */
final class Engines extends SSLContextSpi {
  private static final String PROTOCOL = "TLSv1.3";

  private static final ApplicationProtocolConfig HTTP2 =
      new ApplicationProtocolConfig(
          Protocol.ALPN,
          SelectorFailureBehavior.NO_ADVERTISE,
          SelectedListenerFailureBehavior.ACCEPT,
          ApplicationProtocolNames.HTTP_2);

  private final Supplier<TlsSide> side;

  private Engines(Supplier<TlsSide> side) {
    this.side = side;
  }

  /**
   * What the transport calls a context.
   *
   * @param side is asked for each connection
   * @param dials whether it dials
   */
  static SslContext context(Supplier<TlsSide> side, boolean dials) {
    SSLContext context;
    try {
      context =
          new SSLContext(new Engines(side), SSLContext.getDefault().getProvider(), PROTOCOL) {};
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has TLS", e);
    }
    List<String> ciphers = List.of(side.get().engine().getEnabledCipherSuites());
    return new JdkSslContext(
        context,
        dials,
        ciphers,
        SupportedCipherSuiteFilter.INSTANCE,
        HTTP2,
        // The engine knows whom it asks.
        ClientAuth.NONE,
        new String[] {PROTOCOL},
        false);
  }

  @Override
  protected SSLEngine engineCreateSSLEngine() {
    return side.get().engine();
  }

  /** The side knows whom it dials, and under which name. */
  @Override
  protected SSLEngine engineCreateSSLEngine(String host, int port) {
    return side.get().engine();
  }

  @Override
  protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random)
      throws KeyManagementException {
    throw new KeyManagementException("what is trusted is known already");
  }

  @Override
  protected SSLSocketFactory engineGetSocketFactory() {
    throw new UnsupportedOperationException("only engines are made here");
  }

  @Override
  protected SSLServerSocketFactory engineGetServerSocketFactory() {
    throw new UnsupportedOperationException("only engines are made here");
  }

  @Override
  protected SSLSessionContext engineGetServerSessionContext() {
    throw new UnsupportedOperationException("no session is taken up again");
  }

  @Override
  protected SSLSessionContext engineGetClientSessionContext() {
    throw new UnsupportedOperationException("no session is taken up again");
  }
}
