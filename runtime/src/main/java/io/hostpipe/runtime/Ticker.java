package io.hostpipe.runtime;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The one thread that wakes sessions when time passed. What it runs never blocks nor throws. */
final class Ticker implements Timekeeper {
  static final Ticker SHARED = new Ticker();

  private final ScheduledThreadPoolExecutor executor;

  private Ticker() {
    executor =
        new ScheduledThreadPoolExecutor(
            1, task -> Thread.ofPlatform().daemon().name("hostpipe-ticker").unstarted(task));
    executor.setRemoveOnCancelPolicy(true);
  }

  /** The monotonic clock that sessions are driven by. */
  static long now() {
    return System.nanoTime();
  }

  void at(long atNanos, Runnable task) {
    var _ = alarm(atNanos, task);
  }

  @Override
  public long nowNanos() {
    return now();
  }

  @Override
  public Future<?> alarm(long atNanos, Runnable task) {
    return executor.schedule(task, Math.max(0, atNanos - now()), TimeUnit.NANOSECONDS);
  }

  /** How many tasks were run so far; tests use it to find those that run too often. */
  long completedTaskCount() {
    return executor.getCompletedTaskCount();
  }

  /** How many tasks wait for their time; tests use it to find those that nobody waits for. */
  int taskCount() {
    return executor.getQueue().size();
  }
}
