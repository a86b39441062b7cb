package io.hostpipe.runtime;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Counts how long a pipe has been without a link, and says when that is too long.
 *
 * <p>Only time in which this process ran is counted: a peer cannot come back to a process that is
 * stopped, or whose machine sleeps. So it looks at the clock in steps, and of a step that took much
 * longer it counts two.
 *
 * <p>Thread rule: {@link #begin} and {@link #end} under the given lock; {@code exhausted} is run on
 * the ticker's thread without it.
 */
final class Patience {
  private static final long STEP_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final ReentrantLock lock;
  private final long limitNanos;
  private final Runnable exhausted;
  private @Nullable Future<?> next;
  private long restNanos;
  private long lookedNanos;
  private long round;

  Patience(ReentrantLock lock, Duration limit, Runnable exhausted) {
    this.lock = lock;
    this.limitNanos = limit.toNanos();
    this.exhausted = exhausted;
  }

  /** The link is gone. Nothing when it was already. */
  void begin() {
    if (next == null) {
      restNanos = limitNanos;
      lookedNanos = Ticker.now();
      awaitStep();
    }
  }

  /** There is a link again, or no need for one. */
  void end() {
    Future<?> step = next;
    if (step != null) {
      step.cancel(false);
      next = null;
      round++;
    }
  }

  private void awaitStep() {
    long thisRound = round;
    next =
        Ticker.SHARED.alarm(lookedNanos + Math.min(restNanos, STEP_NANOS), () -> onStep(thisRound));
  }

  private void onStep(long itsRound) {
    lock.lock();
    try {
      if (itsRound != round) {
        return;
      }
      long now = Ticker.now();
      restNanos -= Math.min(now - lookedNanos, 2 * STEP_NANOS);
      lookedNanos = now;
      if (restNanos > 0) {
        awaitStep();
        return;
      }
      next = null;
      round++;
    } finally {
      lock.unlock();
    }
    exhausted.run();
  }
}
