package io.hostpipe.runtime;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Closes a link when its time is over, so that whoever blocks on it goes on; unless this is closed
 * before. Thread rule: one thread.
 */
public final class LinkDeadline implements AutoCloseable {
  private final AtomicBoolean settled = new AtomicBoolean();
  private final Future<?> alarm;
  private volatile boolean missed;

  /** From now on. */
  public LinkDeadline(Link link, Duration limit) {
    alarm =
        Ticker.SHARED.alarm(
            Ticker.now() + limit.toNanos(),
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
      alarm.cancel(false);
    }
  }
}
