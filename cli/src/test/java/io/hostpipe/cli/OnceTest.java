package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.testkit.InParallel;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class OnceTest {
  private final Once once = new Once();
  private final Queue<String> said = new ConcurrentLinkedQueue<>();

  /** Else a process that ends behind the second one would end in the middle of a sentence. */
  @Test
  void whoComesLaterWaitsUntilItIsSaid() throws Exception {
    CountDownLatch midway = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    InParallel<Boolean> first =
        InParallel.run(() -> {
          once.say(() -> {
            midway.countDown();
            await(goOn);
            said.add("first");
          });
          return true;
        });
    midway.await();
    InParallel<Boolean> second =
        InParallel.run(() -> {
          once.say(() -> said.add("second"));
          return said.contains("first");
        });
    second.awaitBlocked();
    goOn.countDown();
    assertThat(second.join()).as("it was said before the second one went on").isTrue();
    assertThat(first.join()).isTrue();
    assertThat(said).containsExactly("first");
  }

  @Test
  void nobodyWaitsForWhoFailedInTheMiddle() {
    IllegalStateException mistake = new IllegalStateException();
    assertThatThrownBy(() ->
            once.say(() -> {
              throw mistake;
            }))
        .isSameAs(mistake);
    once.say(() -> said.add("second"));
    assertThat(said).isEmpty();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
