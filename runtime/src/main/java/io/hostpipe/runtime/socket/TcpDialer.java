package io.hostpipe.runtime.socket;

import io.hostpipe.runtime.Dialer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/** Dials one host and port; every address that the name has, in turn, on every try. */
public final class TcpDialer implements Dialer {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final String host;
  private final int port;

  /** A dialer of this host and port. */
  public TcpDialer(String host, int port) {
    this.host = host;
    this.port = port;
  }

  @Override
  public SocketLink dial() throws IOException {
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(host);
    } catch (UnknownHostException e) {
      throw new UnknownHostException("no such host: " + host);
    }
    IOException last = new ConnectException("no address of " + host + " could be dialed");
    for (InetAddress address : addresses) {
      try {
        return dial(new InetSocketAddress(address, port));
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }

  @Override
  public String peer() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  @Override
  public Object peerKey() {
    return "tcp " + peer();
  }

  private SocketLink dial(InetSocketAddress address) throws IOException {
    SocketChannel channel = SocketChannel.open();
    try {
      channel.socket().connect(address, Math.toIntExact(TIMEOUT.toMillis()));
      return SocketLink.ofTcp(channel);
    } catch (SocketTimeoutException e) {
      channel.close();
      throw new SocketTimeoutException("no answer for " + TIMEOUT.toMillis() + " ms");
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }
}
