package io.hostpipe.runtime;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Closes a link when its time is over, so that whoever blocks on it goes on; unless this is closed
 * before. Time in which this process was stopped is not counted. Thread rule: one thread.
 */
public final class LinkDeadline implements AutoCloseable {
  private final AtomicBoolean settled = new AtomicBoolean();
  private final Countdown countdown;
  private volatile boolean missed;

  /** From now on. */
  public LinkDeadline(Link link, Duration limit) {
    countdown =
        Countdown.of(
            limit,
            limit,
            () -> {
              if (settled.compareAndSet(false, true)) {
                missed = true;
                link.close();
              }
            });
  }

  /** Whether the link was closed for it. */
  public boolean wasMissed() {
    return missed;
  }

  @Override
  public void close() {
    if (settled.compareAndSet(false, true)) {
      countdown.close();
    }
  }
}
