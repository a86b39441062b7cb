package io.hostpipe.bench;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the loops of brokers' own clients have in common: so many messages may be unconfirmed, and
 * what comes before the warm-up is over does not count.
 */
final class PeerLoop {
  private PeerLoop() {}

  /** Publishes one message. */
  interface Publishes {
    /**
     * Does not wait for the confirmation.
     *
     * @param number of the message, from 0
     * @param confirmed run once, when the server has answered
     */
    void publish(int number, Runnable confirmed) throws Exception;
  }

  /** Publishes so many, waits until all are confirmed, and tells how long it took. */
  static void publish(int count, int unconfirmedMax, Publishes each) throws Exception {
    Semaphore window = new Semaphore(unconfirmedMax);
    Runnable confirmed = window::release;
    int warmUp = FreshJvm.warmUp(count);
    long begun = 0;
    for (int sent = 0; sent < count; sent++) {
      if (sent == warmUp) {
        window.acquire(unconfirmedMax);
        window.release(unconfirmedMax);
        begun = System.nanoTime();
      }
      window.acquire();
      each.publish(sent, confirmed);
    }
    window.acquire(unconfirmedMax);
    FreshJvm.tell(count - warmUp, begun);
  }

  /** Counts what arrives. Thread rule: one thread counts, any other looks and waits. */
  static final class Arrivals {
    private final int count;
    private final int warmUp;
    private final AtomicLong arrived = new AtomicLong();
    private final AtomicLong begun = new AtomicLong();
    private final CountDownLatch all = new CountDownLatch(1);

    /** None has arrived of so many. */
    Arrivals(int count) {
      this.count = count;
      this.warmUp = FreshJvm.warmUp(count);
    }

    /** One has. */
    void add() {
      long now = arrived.get() + 1;
      arrived.lazySet(now);
      if (now == warmUp) {
        begun.set(System.nanoTime());
      }
      if (now == count) {
        all.countDown();
      }
    }

    /** How many there are. */
    AtomicLong arrived() {
      return arrived;
    }

    /** Blocks until all are there, and tells how long it took. */
    void await() throws InterruptedException {
      all.await();
      FreshJvm.tell(count - warmUp, begun.get());
    }
  }
}
