package io.hostpipe.runtime.fault;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Holds callers back to so many bytes a second together: a bucket that is never fuller than {@link
 * #BURST_NANOS} of the rate.
 *
 * <p>Thread rule: any thread.
 */
final class Pacer {
  private static final long BURST_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final ReentrantLock lock = new ReentrantLock();
  private volatile long bytesPerSecond;
  private long freeAtNanos = System.nanoTime();

  /** From now on this rate; 0 is any. */
  void rate(long newBytesPerSecond) {
    bytesPerSecond = newBytesPerSecond;
  }

  /** Bytes a second; 0 is any. */
  long rate() {
    return bytesPerSecond;
  }

  /** Blocks until so many bytes may pass; returns early when the thread is interrupted. */
  void await(int lengthBytes) {
    long rate = bytesPerSecond;
    if (rate == 0) {
      return;
    }
    long mineAtNanos;
    lock.lock();
    try {
      long earliestNanos = System.nanoTime() - BURST_NANOS;
      if (freeAtNanos - earliestNanos < 0) {
        freeAtNanos = earliestNanos;
      }
      freeAtNanos += lengthBytes * TimeUnit.SECONDS.toNanos(1) / rate;
      mineAtNanos = freeAtNanos;
    } finally {
      lock.unlock();
    }
    long restNanos = mineAtNanos - System.nanoTime();
    while (restNanos > 0 && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(this, restNanos);
      restNanos = mineAtNanos - System.nanoTime();
    }
  }
}
