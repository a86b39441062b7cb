package io.hostpipe.runtime;

import java.time.Duration;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Calls once when a peer has had its time, unless it is closed before. Time in which this process
 * was stopped is not counted ({@link Allowance}).
 *
 * <p>Closing it does not wait: it may be called at that very moment all the same, so who closes it
 * settles on its own which of the two came first. Thread rule: any thread; what it calls runs on
 * the ticker's thread, and neither blocks nor throws.
 */
public final class Countdown implements AutoCloseable {
  private final Timekeeper time;
  private final Allowance allowance;
  private final Runnable whenOver;
  private volatile @Nullable Future<?> next;
  private volatile boolean closed;

  private Countdown(Timekeeper time, Allowance allowance, Runnable whenOver) {
    this.time = time;
    this.allowance = allowance;
    this.whenOver = whenOver;
  }

  /**
   * Begins to count.
   *
   * @param limit how long the peer has
   * @param step how often is looked whether this process was away
   */
  public static Countdown of(Duration limit, Duration step, Runnable whenOver) {
    return of(Ticker.SHARED, limit, step, whenOver);
  }

  static Countdown of(Timekeeper time, Duration limit, Duration step, Runnable whenOver) {
    Allowance allowance = new Allowance(limit.toNanos(), step.toNanos(), time.nowNanos());
    Countdown begun = new Countdown(time, allowance, whenOver);
    begun.await();
    return begun;
  }

  private void await() {
    Future<?> ask = time.alarm(allowance.deadlineNanos(), this::onAlarm);
    next = ask;
    if (closed) {
      ask.cancel(false);
    }
  }

  private void onAlarm() {
    if (closed) {
      return;
    }
    if (allowance.isOver(time.nowNanos())) {
      whenOver.run();
    } else {
      await();
    }
  }

  @Override
  public void close() {
    closed = true;
    Future<?> ask = next;
    if (ask != null) {
      ask.cancel(false);
    }
  }
}
