package io.hostpipe.runtime;

import java.util.concurrent.Future;

/** Time, and who calls when it has come: the process's own, or one that a test turns by hand. */
interface Timekeeper {
  /** A monotonic clock. */
  long nowNanos();

  /**
   * Runs this when that time has come, or as soon after it as this process runs; what is answered
   * is there to be cancelled, not to be waited for.
   */
  Future<?> alarm(long atNanos, Runnable task);
}
