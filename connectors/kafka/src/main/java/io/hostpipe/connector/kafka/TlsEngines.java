package io.hostpipe.connector.kafka;

import io.hostpipe.spi.tls.BrokerTls;
import java.security.KeyStore;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import org.apache.kafka.common.security.auth.SslEngineFactory;
import org.jspecify.annotations.Nullable;

/**
 * Makes Kafka's client trust whom the options of the address say, and nobody else.
 *
 * <p>Made by the library, by its name.
 */
public final class TlsEngines implements SslEngineFactory {
  /** The setting that holds what engines are made with. */
  static final String TRIAL = "hostpipe.tls";

  private BrokerTls.@Nullable Trial trial;

  @Override
  public void configure(Map<String, ?> settings) {
    trial = (BrokerTls.Trial) settings.get(TRIAL);
  }

  /** The name of the host is checked by who trusts it, whatever the setting says. */
  @Override
  public SSLEngine createClientSslEngine(
      String peerHost, int peerPort, String endpointIdentification) {
    SSLEngine engine =
        Objects.requireNonNull(trial, "it was configured")
            .context()
            .createSSLEngine(peerHost, peerPort);
    engine.setUseClientMode(true);
    return engine;
  }

  @Override
  public SSLEngine createServerSslEngine(String peerHost, int peerPort) {
    throw new UnsupportedOperationException("a client has no server's engine");
  }

  @Override
  public boolean shouldBeRebuilt(Map<String, Object> nextSettings) {
    return false;
  }

  @Override
  public Set<String> reconfigurableConfigs() {
    return Set.of();
  }

  @Override
  public @Nullable KeyStore keystore() {
    return null;
  }

  @Override
  public @Nullable KeyStore truststore() {
    return null;
  }

  @Override
  public void close() {}
}
