package io.hostpipe.connector.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.socket.TcpDialer;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.links.RudePeers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Peers that do not speak the protocol, or break it, over plain sockets. */
final class RudePeersTest extends RudePeers {
  RudePeersTest() {
    super(TestEnds.tcp());
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return new TcpDialer("127.0.0.1", listener.address().port()).dial();
  }

  /** A command that dials the wrong port has to say what it met. */
  @Test
  void aServerThatSpeaksSomethingElseIsNamed() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      InParallel<Object> answering =
          InParallel.run(() -> {
            try (Socket socket = server.accept()) {
              socket
                  .getOutputStream()
                  .write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
              return socket.getInputStream().readAllBytes();
            }
          });
      Pipe pipe = ends.dial(server.getLocalPort(), "name", ends.messages());
      assertThat(InParallel.run(() -> pipe.send(new byte[1])).failure())
          .isInstanceOfSatisfying(
              PipeException.Refused.class,
              e -> assertThat(e.status()).isEqualTo(Status.INVALID_ARGUMENT))
          .hasMessageContaining("HTTP/1.1 400 Bad")
          .hasMessageContaining("raw+tcp");
      answering.join();
    }
  }
}
