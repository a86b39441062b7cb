package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real command with the article's own programs in Python at the other end. */
final class RawProcessTest {
  /** Section 2.2. */
  private static final String SERVER =
      """
      import socket

      server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
      server.bind(('localhost', PORT))
      server.listen(5)
      print("Server listening on port 8080...")
      while True:
          client_sock, addr = server.accept()
          print(f"Connection from {addr}")
          data = client_sock.recv(1024)
          print(f"Received: {data.decode()}")
          client_sock.send(b"ACK")
          client_sock.close()
      """;

  /** Chapter 1's client. */
  private static final String PLAIN_CLIENT =
      """
      import socket

      conn = socket.create_connection(('127.0.0.1', PORT))
      conn.send(b'Hello Remote')
      print(conn.recv(1024).decode(), end='')
      conn.close()
      """;

  /** Section 2.4's messages, seven bytes at a time. */
  private static final String FRAMED_CLIENT =
      """
      import socket
      import struct

      def encode_message(data: bytes) -> bytes:
          return struct.pack('>I', len(data)) + data

      conn = socket.create_connection(('127.0.0.1', PORT))
      conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
      stream = b''.join(encode_message(b'message %d' % n) for n in range(100)) + encode_message(b'')
      for start in range(0, len(stream), 7):
          conn.send(stream[start:start + 7])
      replies = b''
      while len(replies) < 3 * 101:
          replies += conn.recv(1024)
      print(len(replies), replies == b'ACK' * 101)
      conn.close()
      """;

  @TempDir private Path folder;

  @Test
  void theArticlesServerAnswersThePipe() throws IOException, InterruptedException {
    int port = freePort();
    Process server = python(SERVER, port);
    try (CommandProcess pipe =
        CommandProcess.start("--duplex", "-", "raw+tcp://127.0.0.1:" + port)) {
      pipe.feed("Hello Remote".getBytes(StandardCharsets.UTF_8)).endInput();
      assertThat(pipe.exitCode()).as(pipe::err).isZero();
      assertThat(pipe.out()).asString().isEqualTo("ACK");
      assertThat(pipe.err()).contains(": at-most-once (", "a raw peer confirms nothing");
    } finally {
      server.destroyForcibly();
    }
  }

  @Test
  void theArticlesPlainClientIsAnswered() throws IOException, InterruptedException {
    try (CommandProcess pipe =
        CommandProcess.start("raw+tcp-listen://127.0.0.1:0", "reply=ACK", "-")) {
      Process client = python(PLAIN_CLIENT, pipe.awaitPort());
      assertThat(client.getInputStream().readAllBytes()).asString().isEqualTo("ACK");
      assertThat(pipe.exitCode()).as(pipe::err).isZero();
      assertThat(pipe.out()).asString().isEqualTo("Hello Remote");
    }
  }

  @Test
  void theArticlesFramedClientIsAnsweredOnceForEachMessage()
      throws IOException, InterruptedException {
    try (CommandProcess pipe =
        CommandProcess.start(
            "raw+tcp-listen://127.0.0.1:0",
            "reply=ACK",
            "-",
            "--frame",
            "u32",
            "--frame-out",
            "lines")) {
      Process client = python(FRAMED_CLIENT, pipe.awaitPort());
      assertThat(client.getInputStream().readAllBytes()).asString().isEqualTo("303 True\n");
      assertThat(pipe.exitCode()).as(pipe::err).isZero();
      assertThat(pipe.out()).asString().startsWith("message 0\nmessage 1\n").endsWith("99\n\n");
      assertThat(pipe.err()).contains("messages            101");
    }
  }

  @Test
  void aTornMessageIsSaidWithItsPosition() throws IOException, InterruptedException {
    try (CommandProcess pipe =
            CommandProcess.start(
                "raw+tcp-listen://127.0.0.1:0", "-", "--frame", "u32", "--frame-out", "lines");
        Socket peer = new Socket(InetAddress.getLoopbackAddress(), pipe.awaitPort())) {
      peer.getOutputStream().write(new byte[] {0, 0, 0, 1, 'a', 0, 0, 0, 9, 'b'});
      peer.shutdownOutput();
      assertThat(pipe.exitCode()).isEqualTo(6);
      assertThat(pipe.out()).asString().isEqualTo("a\n");
      assertThat(pipe.err()).contains("inside a message that begins at byte 5");
    }
  }

  @Test
  void aKilledCommandIsAResetForItsPeer() throws IOException, InterruptedException {
    try (CommandProcess pipe = CommandProcess.start("-", "raw+tcp-listen://127.0.0.1:0");
        Socket peer = new Socket(InetAddress.getLoopbackAddress(), pipe.awaitPort())) {
      pipe.feed(new byte[1_000]);
      assertThat(peer.getInputStream().readNBytes(1_000)).hasSize(1_000);
      pipe.process().destroyForcibly().waitFor();
      assertThatThrownBy(() -> peer.getInputStream().read()).isInstanceOf(SocketException.class);
    }
  }

  private Process python(String program, int port) throws IOException {
    Path file = Files.writeString(folder.resolve("peer.py"), program.replace("PORT", "" + port));
    return new ProcessBuilder("python3", file.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
