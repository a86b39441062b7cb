package io.hostpipe.connector.websocket;

import io.hostpipe.Listener;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A program that speaks HTTP to a port as it likes. */
final class HttpPeer implements AutoCloseable {
  /** The key that RFC 6455 shows, and what the server says to it. */
  static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

  static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

  private final Socket socket;

  HttpPeer(Listener listener) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), listener.address().port());
  }

  /** Everything that it is answered with, once the other side has said all. */
  static String answer(Listener listener, String request) throws IOException {
    try (HttpPeer peer = new HttpPeer(listener)) {
      peer.say(request.getBytes(StandardCharsets.ISO_8859_1));
      peer.socket.shutdownOutput();
      return new String(peer.socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /** The request for a WebSocket, whole but for the empty line. */
  static String upgrade(String path) {
    return "GET "
        + path
        + " HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: other, hostpipe.v1\r\n"
        + "Sec-WebSocket-Key: "
        + KEY
        + "\r\n";
  }

  void say(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  /** The head of the answer. */
  String readHead() throws IOException {
    return ConnectProxy.readHead(in());
  }

  InputStream in() throws IOException {
    return socket.getInputStream();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
