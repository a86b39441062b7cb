package io.hostpipe.connector.tcp;

import io.hostpipe.runtime.Dialer;
import io.hostpipe.runtime.Link;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/** Dials one host and port; every address that the name has, in turn, on every try. */
final class TcpDialer implements Dialer {
  private final String host;
  private final int port;
  private final Duration timeout;

  TcpDialer(String host, int port, Duration timeout) {
    this.host = host;
    this.port = port;
    this.timeout = timeout;
  }

  @Override
  public Link dial() throws IOException {
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

  private Link dial(InetSocketAddress address) throws IOException {
    SocketChannel channel = SocketChannel.open();
    try {
      channel.socket().connect(address, Math.toIntExact(timeout.toMillis()));
      return new TcpLink(channel);
    } catch (SocketTimeoutException e) {
      channel.close();
      throw new SocketTimeoutException(
          "no answer from " + peer() + " for " + timeout.toMillis() + " ms");
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }
}
