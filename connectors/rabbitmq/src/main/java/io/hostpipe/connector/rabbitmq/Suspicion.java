package io.hostpipe.connector.rabbitmq;

import io.hostpipe.PipeException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What looks as if a stream had lost messages. A server that has just become the leader of a stream
 * shows less than was confirmed for a while; so the same has to be found over one connection after
 * another before it is believed.
 *
 * <p>Thread rule: any thread.
 */
final class Suspicion {
  private static final long LEAST_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** Where the server was away for most of the time, it was not looked at often. */
  private static final int LEAST_TIMES = 5;

  private final ReentrantLock lock = new ReentrantLock();

  /** All under the lock. */
  private @Nullable List<Long> found;

  private long sinceNanos;
  private int times;

  /**
   * What is to be thrown when this was found.
   *
   * @param now the numbers that it shows in
   * @param what it looks like
   * @param loss thrown once it has been so for long enough
   */
  PipeException of(List<Long> now, String what, PipeException loss) {
    return lasts(now, System.nanoTime())
        ? loss
        : new PipeException.Unreachable(
            what
                + "; servers show less for a while when another one has become the leader, so it is"
                + " looked at again",
            null);
  }

  /** Whether it has been so for long enough. */
  boolean lasts(List<Long> now, long nowNanos) {
    lock.lock();
    try {
      if (!now.equals(found)) {
        found = now;
        sinceNanos = nowNanos;
        times = 0;
      }
      times++;
      return times >= LEAST_TIMES && nowNanos - sinceNanos >= LEAST_NANOS;
    } finally {
      lock.unlock();
    }
  }
}
