package io.hostpipe.cli;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for what another process does to files, of which nobody tells. */
final class Waiting {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration LOOK = Duration.ofMillis(5);

  private Waiting() {}

  static void until(Callable<Boolean> wanted) {
    long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (!wanted.call()) {
        if (deadlineNanos - System.nanoTime() < 0) {
          throw new AssertionError("did not come to pass within " + PATIENCE);
        }
        LockSupport.parkNanos(LOOK.toNanos());
      }
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
