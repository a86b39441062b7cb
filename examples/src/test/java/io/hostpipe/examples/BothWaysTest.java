package io.hostpipe.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class BothWaysTest {
  private static final List<String> NEAR = texts("near", 3_000);
  private static final List<String> FAR = texts("far", 5_000);

  @Test
  void bothDirectionsMoveAtOnceInMemory() throws Exception {
    try (Hostpipe.Pair pair = Hostpipe.pair()) {
      exchange(pair.near(), pair.far());
    }
  }

  @Test
  void bothDirectionsMoveAtOnceOverTcp() throws Exception {
    try (Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/both?window=64KiB");
        Pipe near =
            Hostpipe.connect(
                "tcp://127.0.0.1:" + listener.address().port() + "/both?window=64KiB");
        Pipe far = listener.accept()) {
      exchange(near, far);
    }
  }

  private static void exchange(Pipe near, Pipe far) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<List<String>> there = threads.submit(() -> BothWays.exchange(far, FAR));
      assertThat(BothWays.exchange(near, NEAR)).isEqualTo(FAR);
      assertThat(there.get()).isEqualTo(NEAR);
    }
  }

  private static List<String> texts(String kind, int count) {
    return IntStream.range(0, count)
        .mapToObj(number -> kind + " " + number + "-".repeat(100))
        .toList();
  }
}
