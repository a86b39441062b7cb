package io.hostpipe.connector.nats;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Asks the server whether it has what was published, while more is: one question at a time, each
 * for all that was published before it.
 *
 * <p>Thread rule: one thread publishes and {@link #add adds}; questions are asked on a thread of
 * this class; {@link #close} from any.
 */
final class Flushes implements AutoCloseable {
  /** So many bytes may be published that the server has not answered for. */
  private static final long BYTES_MAX = 1L << 20;

  private final Settled settled;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** What nobody has asked for yet, in order. Under the lock, as all that follows. */
  private final ArrayDeque<Part> waiting = new ArrayDeque<>();

  private long bytes;
  private boolean asks;
  private boolean closed;
  private @Nullable RuntimeException failed;

  /** Is told in order what became of each part, on the thread that asks or that adds. */
  @FunctionalInterface
  interface Settled {
    /**
     * The server has these bytes, or nobody knows.
     *
     * @param why null when it has them
     */
    void settled(long from, long end, @Nullable Exception why);
  }

  Flushes(Settled settled) {
    this.settled = settled;
  }

  /**
   * These bytes were published over this connection. Blocks while there are too many of them.
   *
   * @param broke why some of them were not; null when all were
   */
  void add(@Nullable NatsConnection over, long from, long end, @Nullable Exception broke)
      throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (bytes >= BYTES_MAX && !closed && failed == null) {
        changed.await();
      }
      checkWorks();
      waiting.add(new Part(over, from, end, broke));
      bytes += end - from;
      if (!asks && !closed) {
        asks = true;
        Thread.ofVirtual().name("hostpipe-nats-flush").start(this::ask);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Blocks until it is known what became of all that was added, or it was closed. */
  void await() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (bytes > 0 && !closed && failed == null) {
        changed.await();
      }
      checkWorks();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more is told. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void ask() {
    for (Part all = next(); all != null; all = next()) {
      Exception why = all.broke;
      if (all.over != null && why == null) {
        why = flush(all.over);
      } else if (all.over != null) {
        all.over.close();
      }
      try {
        if (!done(all, why)) {
          return;
        }
      } catch (RuntimeException e) {
        fail(e);
        return;
      }
    }
  }

  /** All that one question can ask for; null when nothing is left. */
  private @Nullable Part next() {
    lock.lock();
    try {
      Part first = waiting.poll();
      if (first == null || closed) {
        asks = false;
        return null;
      }
      Part all = first;
      for (Part each = waiting.peek(); each != null && each.isLike(first); each = waiting.peek()) {
        waiting.remove();
        all = new Part(first.over, first.from, each.end, null);
      }
      return all;
    } finally {
      lock.unlock();
    }
  }

  private boolean done(Part all, @Nullable Exception why) {
    lock.lock();
    try {
      if (closed) {
        return false;
      }
    } finally {
      lock.unlock();
    }
    settled.settled(all.from, all.end, why);
    lock.lock();
    try {
      bytes -= all.end - all.from;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    return true;
  }

  /** Who waits must not wait for a thread that is gone. */
  private void fail(RuntimeException why) {
    lock.lock();
    try {
      failed = why;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void checkWorks() {
    RuntimeException why = failed;
    if (why != null) {
      throw new IllegalStateException("who is told what became of messages has failed", why);
    }
  }

  private static @Nullable Exception flush(NatsConnection over) {
    try {
      over.flush();
      return null;
    } catch (IOException | RuntimeException e) {
      over.close();
      return e; // whatever it was: nobody knows whether the server has it
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return e;
    }
  }

  private record Part(
      @Nullable NatsConnection over, long from, long end, @Nullable Exception broke) {
    /** Whether one answer tells of both. */
    boolean isLike(Part before) {
      return broke == null && before.broke == null && over == before.over;
    }
  }
}
