package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Pipe;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class BudgetTest {
  @Test
  void givesNoMoreThanThereIs() {
    Budget budget = new Budget(100);
    assertThat(budget.tryReserve(60)).isTrue();
    assertThat(budget.tryReserve(41)).isFalse();
    assertThat(budget.tryReserve(40)).isTrue();
    assertThat(budget.tryReserve(1)).isFalse();
    budget.release(60);
    assertThat(budget.tryReserve(60)).isTrue();
  }

  @Test
  void manyThreadsNeverHoldMoreThanThereIsTogether() throws Exception {
    Budget budget = new Budget(10);
    AtomicLong held = new AtomicLong();
    AtomicLong mostHeld = new AtomicLong();
    CountDownLatch done = new CountDownLatch(8);
    for (int thread = 0; thread < 8; thread++) {
      Thread.ofVirtual()
          .start(() -> {
            for (int round = 0; round < 2_000; round++) {
              if (budget.tryReserve(3)) {
                long now = held.addAndGet(3);
                mostHeld.accumulateAndGet(now, Math::max);
                held.addAndGet(-3);
                budget.release(3);
              }
            }
            done.countDown();
          });
    }
    done.await();
    assertThat(mostHeld.get()).isBetween(3L, 9L);
    assertThat(budget.tryReserve(10)).isTrue();
  }

  @Test
  @Timeout(240)
  void pipesGiveBackWhatTheyReservedAndNoMore() throws Exception {
    long before = Budget.SHARED.reservedBytes();
    try (Hosts hosts = new Hosts();
        SessionListener listener = hosts.listen("name", 16, hosts.raw())) {
      for (int round = 0; round < 3; round++) {
        try (Pipe pipe = hosts.dial("name", hosts.raw());
            Pipe taken = listener.accept()) {
          Hosts.move(pipe, taken, 1 << 20);
        }
      }
    }
    Eventually.holds("all is given back", () -> Budget.SHARED.reservedBytes() == before);
  }
}
