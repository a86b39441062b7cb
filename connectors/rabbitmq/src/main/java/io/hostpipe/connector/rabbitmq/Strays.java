package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Address;
import io.hostpipe.spi.PipeEvents;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Answers that nobody waits for: they are said, the first one at once, and then whenever there are
 * ten times as many. Thread rule: any thread.
 */
final class Strays {
  private final Address address;
  private final PipeEvents events;
  private final String what;
  private final AtomicLong count = new AtomicLong();

  /**
   * None yet.
   *
   * @param what they are, in words that follow on "an answer"
   */
  Strays(Address address, PipeEvents events, String what) {
    this.address = address;
    this.events = events;
    this.what = what;
  }

  /** One more came. */
  void add() {
    long now = count.incrementAndGet();
    long power = 1;
    while (power * 10 <= now) {
      power *= 10;
    }
    if (now == power) {
      events.warning(address + ": an answer " + what + " (so far: " + now + ")");
    }
  }
}
