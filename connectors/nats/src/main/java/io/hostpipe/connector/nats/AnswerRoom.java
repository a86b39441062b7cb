package io.hostpipe.connector.nats;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How many requests may be under way: so many, and no more than whose answers fit into memory, if
 * each takes what the longest has taken so far. One alone is always let in.
 *
 * <p>An answer counts from when it is here until it was handed over in its turn.
 *
 * <p>Thread rule: any thread.
 */
final class AnswerRoom {
  private static final long BYTES_MAX = 16L << 20;

  private final int requestsMax;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Under the lock, as all that follows: those under way, and those of them without an answer. */
  private int requests;

  private int unanswered;
  private long heldBytes;
  private long longestBytes;

  AnswerRoom(int requestsMax) {
    this.requestsMax = requestsMax;
  }

  /**
   * Lets one more in.
   *
   * @return false when there was no room in time
   */
  boolean enter(long timeoutMillis) throws InterruptedException {
    long restNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    lock.lockInterruptibly();
    try {
      while (!hasRoom()) {
        if (restNanos <= 0) {
          return false;
        }
        restNanos = changed.awaitNanos(restNanos);
      }
      requests++;
      unanswered++;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** One has its answer, or gets none. */
  void answered(long bytes) {
    lock.lock();
    try {
      unanswered--;
      heldBytes += bytes;
      longestBytes = Math.max(longestBytes, bytes);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** One is done, and its answer of so many bytes with it. */
  void leave(long bytes) {
    lock.lock();
    try {
      requests--;
      heldBytes -= bytes;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean hasRoom() {
    return requests == 0
        || (requests < requestsMax && heldBytes + (unanswered + 1) * longestBytes <= BYTES_MAX);
  }
}
