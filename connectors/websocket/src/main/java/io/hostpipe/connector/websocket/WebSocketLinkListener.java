package io.hostpipe.connector.websocket;

import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.LinkListener;
import io.hostpipe.runtime.socket.TcpLinkListener;
import io.hostpipe.runtime.tls.TlsServer;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Takes TCP connections on one port; who greets them agrees on TLS, if any, and on WebSocket. */
final class WebSocketLinkListener implements LinkListener {
  private final TcpLinkListener sockets;
  private final @Nullable TlsServer tls;
  private final Upgrade upgrade;

  /**
   * Over these sockets.
   *
   * @param tls null for plain connections
   */
  WebSocketLinkListener(TcpLinkListener sockets, @Nullable TlsServer tls, Upgrade upgrade) {
    this.sockets = sockets;
    this.tls = tls;
    this.upgrade = upgrade;
  }

  @Override
  public Link accept() throws IOException {
    Link accepted = sockets.accept();
    return new WebSocketLink(
        tls == null ? accepted : tls.link(accepted, WebSocketConnector.SCHEMES), upgrade);
  }

  @Override
  public int port() {
    return sockets.port();
  }

  @Override
  public String place() {
    return sockets.place();
  }

  @Override
  public void close() {
    sockets.close();
  }
}
