package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class AsyncCommitsTest {
  private static final List<byte[]> MESSAGES =
      IntStream.range(0, 100)
          .mapToObj(number -> (number % 10 == 3 ? "three" : "" + number).getBytes(UTF_8))
          .toList();

  @Test
  void allCommitsAndRefusalsAreToldWithoutWaiting() throws Exception {
    AtomicLong sum = new AtomicLong();
    try (Hostpipe.Pair pair = Hostpipe.pair();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CompletableFuture<Integer> refused = AsyncCommits.send(pair.near(), MESSAGES);
      assertThat(refused).isNotDone();
      Future<?> adding =
          threads.submit(() -> {
            FlowControl.addUp(pair.far(), sum::addAndGet);
            return null;
          });
      assertThat(refused.get(2, TimeUnit.MINUTES)).isEqualTo(10);
      pair.near().sink().finish();
      adding.get();
    }
  }

  @Test
  void aPipeThatEndsFailsWhatWasUnderWay() throws Exception {
    try (Hostpipe.Pair pair = Hostpipe.pair()) {
      CompletableFuture<Integer> refused = AsyncCommits.send(pair.near(), MESSAGES);
      pair.far().close();
      assertThat(refused)
          .failsWithin(Duration.ofMinutes(2))
          .withThrowableThat()
          .withCauseInstanceOf(PipeException.Closed.class);
    }
  }
}
