package io.hostpipe.testkit.kills;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Waiting for what other processes do, of which nobody tells. */
final class Patience {
  private static final Duration LOOK = Duration.ofMillis(1);

  private Patience() {}

  static void lookAgain() throws InterruptedException {
    pause(LOOK);
  }

  static void pause(Duration time) throws InterruptedException {
    LockSupport.parkNanos(time.toNanos());
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }
}
