package io.hostpipe.testkit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** Many connections whose peers say nothing, or not enough, and stay. Thread rule: one thread. */
public final class Strangers implements AutoCloseable {
  private final List<SocketChannel> channels = new ArrayList<>();

  private Strangers() {}

  /** So many who say nothing at all. */
  public static Strangers silent(InetSocketAddress address, int count) throws IOException {
    return saying(address, count, ByteBuffer.allocate(0));
  }

  /** So many who say this, as far as they are let. */
  public static Strangers saying(InetSocketAddress address, int count, ByteBuffer words)
      throws IOException {
    Strangers strangers = new Strangers();
    for (int index = 0; index < count; index++) {
      SocketChannel channel = SocketChannel.open(address);
      strangers.channels.add(channel);
      try {
        channel.write(words.duplicate());
      } catch (IOException e) {
        // Shown the door before it spoke.
      }
      channel.configureBlocking(false);
    }
    return strangers;
  }

  /** How many of them the other side has closed. */
  public int closedCount() {
    int closedCount = 0;
    for (SocketChannel channel : channels) {
      closedCount += isClosed(channel) ? 1 : 0;
    }
    return closedCount;
  }

  /** How many of them the other side still bears with. */
  public int openCount() {
    return channels.size() - closedCount();
  }

  private static boolean isClosed(SocketChannel channel) {
    try {
      ByteBuffer scratch = ByteBuffer.allocate(4 << 10);
      while (true) {
        int readBytes = channel.read(scratch.clear());
        if (readBytes <= 0) {
          return readBytes < 0;
        }
      }
    } catch (IOException e) {
      return true;
    }
  }

  @Override
  public void close() {
    for (SocketChannel channel : channels) {
      try {
        channel.close();
      } catch (IOException e) {
        // The descriptor is released in any case.
      }
    }
  }
}
