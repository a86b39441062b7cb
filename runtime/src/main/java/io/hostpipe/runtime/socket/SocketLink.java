package io.hostpipe.runtime.socket;

import io.hostpipe.runtime.Link;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import jdk.net.ExtendedSocketOptions;

/**
 * One connection over a TCP or a unix socket, by a blocking channel: on virtual threads a blocked
 * call costs no thread.
 */
public final class SocketLink implements Link {
  private static final int KEEPALIVE_COUNT = 3;

  private final SocketChannel channel;
  private final String peer;
  private final boolean local;

  /** A link over a TCP connection that stands; the link owns the channel. */
  static SocketLink ofTcp(SocketChannel channel) throws IOException {
    // What is written is gathered already: waiting for more would only cost time.
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return new SocketLink(channel, show(channel), false);
  }

  /** A link over a unix socket that is connected; the link owns the channel. */
  static SocketLink ofUnix(SocketChannel channel, String path) {
    return new SocketLink(channel, path, true);
  }

  private SocketLink(SocketChannel channel, String peer, boolean local) {
    this.channel = channel;
    this.peer = peer;
    this.local = local;
  }

  /** The socket itself. */
  public SocketChannel channel() {
    return channel;
  }

  /** Whether it is a unix socket, which knows no reset and no keepalive. */
  public boolean local() {
    return local;
  }

  /**
   * Lets the system ask for signs of life on an idle connection, and break it when three are
   * missing. Nothing over a unix socket, whose peer cannot vanish.
   *
   * @param idle how long nothing passes before the first question
   */
  public void keepAlive(Duration idle) throws IOException {
    if (local) {
      return;
    }
    channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    int idleSeconds = Math.toIntExact(Math.max(1, idle.toSeconds()));
    set(ExtendedSocketOptions.TCP_KEEPIDLE, idleSeconds);
    set(ExtendedSocketOptions.TCP_KEEPINTERVAL, Math.max(1, idleSeconds / KEEPALIVE_COUNT));
    set(ExtendedSocketOptions.TCP_KEEPCOUNT, KEEPALIVE_COUNT);
  }

  /** Whether the peer's system has all that was written; true where nobody can tell. */
  public boolean isAcknowledged() {
    return local || SystemQueue.isEmpty(channel);
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
  public boolean isQuiet() {
    try {
      channel.configureBlocking(false);
      try {
        return channel.read(ByteBuffer.allocate(1)) == 0;
      } finally {
        channel.configureBlocking(true);
      }
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public String peer() {
    return peer;
  }

  @Override
  public String plainScheme() {
    return local ? "raw+unix" : "raw+tcp";
  }

  /**
   * From here on whatever closes the socket resets the connection: also an interrupt, which closes
   * the channel, and the end of this process, however it comes. Nothing over a unix socket.
   */
  public void resetWhenClosed() throws IOException {
    if (!local) {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    }
  }

  /** Closes it so that what was written still arrives, also after {@link #resetWhenClosed}. */
  public void closeInOrder() {
    try {
      if (!local) {
        channel.setOption(StandardSocketOptions.SO_LINGER, -1);
      }
    } catch (IOException e) {
      // It is closed already, and closed again below at no harm.
    }
    close();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is released in any case, and nothing more is asked of a closed link.
    }
  }

  private void set(SocketOption<Integer> option, int value) throws IOException {
    if (channel.supportedOptions().contains(option)) {
      channel.setOption(option, value);
    }
  }

  private static String show(SocketChannel channel) throws IOException {
    if (!(channel.getRemoteAddress() instanceof InetSocketAddress address)) {
      return "unknown peer";
    }
    String host = address.getAddress().getHostAddress();
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
  }
}
