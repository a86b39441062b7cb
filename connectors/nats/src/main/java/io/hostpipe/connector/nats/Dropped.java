package io.hostpipe.connector.nats;

import io.hostpipe.Address;
import io.hostpipe.spi.PipeEvents;
import io.nats.client.Dispatcher;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * How many messages the library has dropped because nobody took them in time. It is said once a
 * second while it grows, and in the end.
 *
 * <p>Thread rule: any thread.
 */
final class Dropped {
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Address address;
  private final PipeEvents events;
  private final ReentrantLock lock = new ReentrantLock();

  /** Under the lock, as all that follows: who counts over the present connection. */
  private @Nullable Dispatcher counter;

  private long countOfCounter;
  private long total;
  private long told;
  private long toldNanos;
  private long position;

  Dropped(Address address, PipeEvents events) {
    this.address = address;
    this.events = events;
  }

  /**
   * Looks at the count over the present connection.
   *
   * @param behind where the reader is
   * @param ended whether nothing more comes over it
   */
  void look(Dispatcher present, long behind, boolean ended) {
    boolean tells;
    lock.lock();
    try {
      if (!present.equals(counter)) {
        counter = present;
        countOfCounter = 0;
      }
      position = behind;
      count();
      tells = ended || told == 0 || System.nanoTime() - toldNanos >= PAUSE_NANOS;
    } finally {
      lock.unlock();
    }
    if (tells) {
      tell();
    }
  }

  /** Says what was not said yet. */
  void tell() {
    String what;
    lock.lock();
    try {
      count();
      if (total == told) {
        return;
      }
      what =
          address
              + ": "
              + (total - told)
              + " messages were dropped behind position "
              + position
              + (told == 0 ? "" : ", " + total + " since the beginning")
              + ": the destination takes them more slowly than they come, and a subject keeps"
              + " nothing";
      told = total;
      toldNanos = System.nanoTime();
    } finally {
      lock.unlock();
    }
    events.warning(what);
  }

  private void count() {
    Dispatcher present = counter;
    if (present != null) {
      long now = present.getDroppedCount();
      total += now - countOfCounter;
      countOfCounter = now;
    }
  }
}
