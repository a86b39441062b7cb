package io.hostpipe.connector.tcp;

import io.hostpipe.runtime.Link;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** One TCP connection, by a blocking channel: on virtual threads a blocked call costs no thread. */
final class TcpLink implements Link {
  private final SocketChannel channel;
  private final String peer;

  TcpLink(SocketChannel channel) throws IOException {
    this.channel = channel;
    this.peer = show(channel);
    // Frames are whole messages, gathered already: waiting for more would only cost time.
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
  }

  @Override
  public long read(ByteBuffer[] targets) throws IOException {
    return targets.length == 1 ? channel.read(targets[0]) : channel.read(targets);
  }

  @Override
  public void write(ByteBuffer[] buffers, int count) throws IOException {
    ByteBuffer last = buffers[count - 1];
    int first = 0;
    while (last.hasRemaining()) {
      while (!buffers[first].hasRemaining()) {
        first++;
      }
      if (channel.write(buffers, first, count - first) < 0) {
        throw new EOFException(peer + " is closed");
      }
    }
  }

  @Override
  public void shutdownOutput() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public String peer() {
    return peer;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is released in any case, and nothing more is asked of a closed link.
    }
  }

  private static String show(SocketChannel channel) throws IOException {
    return channel.getRemoteAddress() instanceof InetSocketAddress address
        ? address.getAddress().getHostAddress() + ":" + address.getPort()
        : "unknown peer";
  }
}
