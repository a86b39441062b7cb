package io.hostpipe.connector.tcp;

import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.LinkListener;
import io.hostpipe.runtime.socket.TcpLinkListener;
import io.hostpipe.runtime.tls.TlsServer;
import java.io.IOException;

/** Takes TCP connections on one port; who greets them agrees on TLS. */
final class TlsLinkListener implements LinkListener {
  private final TcpLinkListener sockets;
  private final TlsServer tls;

  TlsLinkListener(TcpLinkListener sockets, TlsServer tls) {
    this.sockets = sockets;
    this.tls = tls;
  }

  @Override
  public Link accept() throws IOException {
    return tls.link(sockets.accept(), TlsConnector.SCHEMES);
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
