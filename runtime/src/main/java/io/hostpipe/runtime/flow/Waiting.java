package io.hostpipe.runtime.flow;

import java.util.concurrent.locks.Condition;

/** The time, and how to let it pass: the system's, or a test's. Thread rule: any thread. */
public interface Waiting {
  /** The system's clock that never goes back. */
  Waiting SYSTEM =
      new Waiting() {
        @Override
        public long nowNanos() {
          return System.nanoTime();
        }

        @Override
        @SuppressWarnings("WaitNotInLoop") // the callers loop over what they wait for
        public void await(Condition woken, long nanos) throws InterruptedException {
          // Whoever waits looks again at what it waits for, so what is left of the time is no news.
          long _ = woken.awaitNanos(nanos);
        }
      };

  /** Nanoseconds since some moment. */
  long nowNanos();

  /**
   * Lets so much time pass, or less: until somebody signals, or for no reason at all. Called with
   * the lock of the condition held.
   */
  void await(Condition woken, long nanos) throws InterruptedException;
}
