package io.hostpipe.connector.websocket;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** An HTTP proxy that opens ways for those who know its password. */
final class ConnectProxy implements AutoCloseable {
  private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final String authorization;

  ConnectProxy(String userInfo) throws IOException {
    authorization =
        "Proxy-Authorization: Basic "
            + Base64.getEncoder().encodeToString(userInfo.getBytes(StandardCharsets.UTF_8));
    Thread.ofVirtual().start(this::acceptAll);
  }

  int port() {
    return server.getLocalPort();
  }

  /** The first lines of the requests that were granted. */
  List<String> asked() {
    return asked;
  }

  private void acceptAll() {
    while (!server.isClosed()) {
      try {
        Socket near = server.accept();
        open.add(near);
        Thread.ofVirtual().start(() -> serve(near));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket near) {
    try (near) {
      String head = readHead(near.getInputStream());
      OutputStream out = near.getOutputStream();
      if (!head.contains("\r\n" + authorization + "\r\n")) {
        out.write(
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
        return;
      }
      String line = head.lines().findFirst().orElseThrow();
      asked.add(line);
      int port = Integer.parseInt(line.substring(line.lastIndexOf(':') + 1, line.lastIndexOf(' ')));
      try (Socket far = new Socket(InetAddress.getLoopbackAddress(), port)) {
        open.add(far);
        out.write(
            "HTTP/1.0 200 Connection established\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        Thread back = Thread.ofVirtual().start(() -> pass(far, near));
        pass(near, far);
        back.join();
      }
    } catch (IOException e) {
      // One side is gone, and so is the way.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void pass(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
      to.shutdownOutput();
    } catch (IOException e) {
      // The other direction ends, too.
    }
  }

  static String readHead(InputStream in) throws IOException {
    StringBuilder text = new StringBuilder();
    while (text.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("ended inside a head");
      }
      text.append((char) next);
    }
    return text.toString();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket each : open) {
      each.close();
    }
  }
}
