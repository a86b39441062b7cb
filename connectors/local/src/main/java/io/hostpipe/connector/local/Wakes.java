package io.hostpipe.connector.local;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Wakes a thread that waits in a system call, or is just about to: again and again until it left.
 */
final class Wakes {
  private static final int COUNT_MAX = 1_000;
  private static final long BETWEEN_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private Wakes() {}

  /**
   * Blocks until the thread has left, for a second or so at the most.
   *
   * @param wake of no effect on a thread that does not wait yet
   * @param waits whether it waits, or is about to
   */
  static void untilGone(Runnable wake, BooleanSupplier waits) {
    for (int count = 0; count < COUNT_MAX && waits.getAsBoolean(); count++) {
      wake.run();
      LockSupport.parkNanos(BETWEEN_NANOS);
    }
  }
}
