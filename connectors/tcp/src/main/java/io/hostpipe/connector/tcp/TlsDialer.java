package io.hostpipe.connector.tcp;

import io.hostpipe.runtime.Dialer;
import io.hostpipe.runtime.socket.TcpDialer;
import io.hostpipe.runtime.tls.TlsClient;
import io.hostpipe.runtime.tls.TlsLink;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Dials one host and port, and agrees on TLS with whoever answers. */
final class TlsDialer implements Dialer {
  private final TcpDialer sockets;
  private final TlsClient tls;
  private final Map<String, String> words;

  /**
   * A dialer.
   *
   * @param words what the address says of trust: links made under other words are other links
   */
  TlsDialer(TcpDialer sockets, TlsClient tls, Map<String, String> words) {
    this.sockets = sockets;
    this.tls = tls;
    this.words = words;
  }

  @Override
  public TlsLink dial() throws IOException {
    return tls.link(sockets.dial(), TlsConnector.SCHEMES);
  }

  @Override
  public String peer() {
    return sockets.peer();
  }

  @Override
  public Object peerKey() {
    return List.of("tls", sockets.peer(), words);
  }
}
