package io.hostpipe.runtime;

import io.hostpipe.session.Transmit;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Transmits for reuse, so that only links which write at this moment hold one. Any thread. */
final class Transmits {
  private static final int IDLE_COUNT_MAX = 32;

  private static final ConcurrentLinkedQueue<Transmit> IDLE = new ConcurrentLinkedQueue<>();
  private static final AtomicInteger IDLE_COUNT = new AtomicInteger();

  private Transmits() {}

  static Transmit take() {
    Transmit transmit = IDLE.poll();
    if (transmit == null) {
      return new Transmit();
    }
    IDLE_COUNT.decrementAndGet();
    return transmit;
  }

  static void giveBack(Transmit transmit) {
    transmit.clear();
    if (IDLE_COUNT.get() < IDLE_COUNT_MAX) {
      IDLE_COUNT.incrementAndGet();
      IDLE.add(transmit);
    }
  }
}
