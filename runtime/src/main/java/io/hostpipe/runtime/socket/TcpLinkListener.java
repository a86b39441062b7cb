package io.hostpipe.runtime.socket;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.LinkListener;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Takes TCP connections on one port. */
public final class TcpLinkListener implements LinkListener {
  private final ServerSocketChannel channel;
  private final int port;

  private TcpLinkListener(ServerSocketChannel channel) throws IOException {
    this.channel = channel;
    this.port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
  }

  /**
   * Binds.
   *
   * @param queueLength how many connections may wait in the kernel
   * @param shown the address for messages
   */
  public static TcpLinkListener bind(InetSocketAddress address, int queueLength, String shown)
      throws PipeException {
    try {
      if (address.isUnresolved()) {
        throw new PipeException.Config(shown + ": no such host: " + address.getHostString());
      }
      ServerSocketChannel channel = ServerSocketChannel.open();
      try {
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.bind(address, queueLength);
        return new TcpLinkListener(channel);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (PipeException e) {
      throw e;
    } catch (BindException e) {
      throw new PipeException.Refused(
          Status.ALREADY_EXISTS,
          shown + ": cannot listen there: " + e.getMessage() + "; is the port taken, or not yours?",
          e);
    } catch (IOException e) {
      throw new PipeException.Refused(
          Status.UNAVAILABLE, shown + ": cannot listen there: " + e.getMessage(), e);
    }
  }

  @Override
  public SocketLink accept() throws IOException {
    SocketChannel accepted = channel.accept();
    try {
      return SocketLink.ofTcp(accepted);
    } catch (IOException e) {
      // Gone before it was looked at: the next one may be better.
      accepted.close();
      throw e;
    }
  }

  @Override
  public int port() {
    return port;
  }

  @Override
  public String place() {
    return "port " + port;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is released in any case.
    }
  }
}
