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
 * <p>Thread rule: {@link #begin} and {@link #end} under the given lock; {@code missed} and {@code
 * exhausted} are run on the ticker's thread without it.
 */
final class Patience {
  private static final long STEP_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** A link that was cut is there again within the first of them, as a rule. */
  private static final int MISSED_STEPS = 2;

  private final ReentrantLock lock;
  private final long limitNanos;
  private final Runnable missed;
  private final Runnable exhausted;
  private @Nullable Future<?> next;
  private long restNanos;
  private long lookedNanos;
  private long round;
  private int stepCount;

  /**
   * Patience of this length.
   *
   * @param missed run once each time that it lasts longer than a link takes to be dialed again
   * @param exhausted run when it is at its end
   */
  Patience(ReentrantLock lock, Duration limit, Runnable missed, Runnable exhausted) {
    this.lock = lock;
    this.limitNanos = limit.toNanos();
    this.missed = missed;
    this.exhausted = exhausted;
  }

  /** The link is gone. Nothing when it was already. */
  void begin() {
    if (next == null) {
      restNanos = limitNanos;
      stepCount = 0;
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
    boolean over;
    lock.lock();
    try {
      if (itsRound != round) {
        return;
      }
      long now = Ticker.now();
      restNanos -= Math.min(now - lookedNanos, 2 * STEP_NANOS);
      lookedNanos = now;
      over = restNanos <= 0;
      if (!over) {
        awaitStep();
        if (++stepCount != MISSED_STEPS) {
          return;
        }
      } else {
        next = null;
        round++;
      }
    } finally {
      lock.unlock();
    }
    (over ? exhausted : missed).run();
  }
}
