package io.hostpipe.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What is said once: whoever comes first says it, and whoever comes later waits until it is said,
 * because the process may end behind that.
 *
 * <p>Thread rule: any thread.
 */
final class Once {
  private final AtomicBoolean begun = new AtomicBoolean();
  private final CountDownLatch said = new CountDownLatch(1);

  /** Says it, or blocks until who came first is through. Returns at once when interrupted. */
  void say(Runnable words) {
    if (begun.compareAndSet(false, true)) {
      try {
        words.run();
      } finally {
        said.countDown();
      }
      return;
    }
    try {
      said.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
