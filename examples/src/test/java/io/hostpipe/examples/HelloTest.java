package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class HelloTest {
  @Test
  void theServerAnswersAckAndTheClientWaitsForIt() throws Exception {
    try (Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/hello");
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<List<String>> served = threads.submit(() -> Hello.serve(listener));
      assertThat(Hello.call("tcp://127.0.0.1:" + listener.address().port() + "/hello"))
          .containsExactly("ACK");
      assertThat(served.get()).containsExactly("Hello Remote");
    }
  }

  @Test
  void theClientTalksToAPlainSocketAsInTheArticle() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<String> served =
          threads.submit(() -> {
            try (Socket peer = server.accept()) {
              String text = new String(peer.getInputStream().readAllBytes(), UTF_8);
              peer.getOutputStream().write("ACK".getBytes(UTF_8));
              return text;
            }
          });
      assertThat(Hello.call("raw+tcp://127.0.0.1:" + server.getLocalPort() + "?frame=lines"))
          .containsExactly("ACK");
      assertThat(served.get()).isEqualTo("Hello Remote\n");
    }
  }

  @Test
  void theServerAnswersAPlainSocketAsInTheArticle() throws Exception {
    try (Listener listener = Hostpipe.listen("raw+tcp-listen://127.0.0.1:0?frame=lines");
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<List<String>> served = threads.submit(() -> Hello.serve(listener));
      try (Socket client =
          new Socket(InetAddress.getLoopbackAddress(), listener.address().port())) {
        client.getOutputStream().write("Hello Remote\n".getBytes(UTF_8));
        assertThat(new String(client.getInputStream().readNBytes(4), UTF_8)).isEqualTo("ACK\n");
      }
      assertThat(served.get()).containsExactly("Hello Remote");
    }
  }
}
