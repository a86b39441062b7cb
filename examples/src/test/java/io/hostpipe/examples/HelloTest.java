package io.hostpipe.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
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
}
