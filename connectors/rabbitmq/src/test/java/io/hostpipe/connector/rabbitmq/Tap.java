package io.hostpipe.connector.rabbitmq;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A way to a server of this host that can lose what the server says while the server hears all, and
 * that counts what arrives.
 *
 * <p>Thread rule: any thread.
 */
final class Tap implements AutoCloseable {
  private final ServerSocket listening;
  private final int serverPort;
  private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
  private final AtomicLong arrivedBytes = new AtomicLong();
  private volatile boolean muted;

  private Tap(int serverPort) throws IOException {
    this.serverPort = serverPort;
    this.listening = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
  }

  /** A way to this port. */
  static Tap to(int serverPort) throws IOException {
    Tap tap = new Tap(serverPort);
    Thread.ofVirtual().start(tap::acceptAll);
    return tap;
  }

  /** Where it is dialed. */
  int port() {
    return listening.getLocalPort();
  }

  /** From here on nothing that the server says arrives, until {@link #cut}. */
  void mute() {
    muted = true;
  }

  /** Breaks all connections; later ones are whole. */
  void cut() {
    for (Socket next = sockets.poll(); next != null; next = sockets.poll()) {
      closeQuietly(next);
    }
    muted = false;
  }

  /** How much of what the server says went on to whoever dialed. */
  long arrivedBytes() {
    return arrivedBytes.get();
  }

  @Override
  public void close() throws IOException {
    listening.close();
    cut();
  }

  private void acceptAll() {
    try {
      while (true) {
        Socket dialer = listening.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
        sockets.add(dialer);
        sockets.add(server);
        Thread.ofVirtual().start(() -> copy(dialer, server, false));
        Thread.ofVirtual().start(() -> copy(server, dialer, true));
      }
    } catch (IOException e) {
      // It was closed, or its server is gone.
    }
  }

  private void copy(Socket from, Socket to, boolean saysServer) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] bytes = new byte[16 << 10];
      for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
        if (!saysServer) {
          out.write(bytes, 0, count);
        } else if (!muted) {
          out.write(bytes, 0, count);
          arrivedBytes.addAndGet(count);
        }
      }
    } catch (IOException e) {
      // One of the sides is gone, and then the other one is.
    }
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is gone already.
    }
  }
}
