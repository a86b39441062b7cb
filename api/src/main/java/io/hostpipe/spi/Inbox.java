package io.hostpipe.spi;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Messages that one connection of a broker brought and nobody has read yet, bounded in bytes: the
 * library's thread waits when it is full, and so does the server.
 *
 * <p>Thread rule: one thread puts, one takes, any closes.
 *
 * @param <M> a message of the library
 */
public final class Inbox<M> {
  private static final long BYTES_MAX = 16L << 20;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<M> messages = new ArrayDeque<>();
  private final ToLongFunction<M> lengthBytes;
  private long bytes;
  private boolean ended;

  /**
   * An empty one.
   *
   * @param lengthBytes what a message takes in memory, about
   */
  public Inbox(ToLongFunction<M> lengthBytes) {
    this.lengthBytes = lengthBytes;
  }

  /** Blocks while it is full; drops the message once nobody reads any more. */
  public void put(M message) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (bytes >= BYTES_MAX && !ended) {
        changed.await();
      }
      if (!ended) {
        bytes += lengthBytes.applyAsLong(message);
        messages.add(message);
        if (messages.size() == 1) {
          changed.signalAll();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** The next one if there is one. Never blocks. */
  public @Nullable M poll() {
    lock.lock();
    try {
      return next();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The next one.
   *
   * @return null when none came in time, or none will: {@link #ended} tells which
   */
  public @Nullable M poll(long timeoutNanos) throws InterruptedException {
    long restNanos = timeoutNanos;
    lock.lockInterruptibly();
    try {
      while (messages.isEmpty() && !ended && restNanos > 0) {
        restNanos = changed.awaitNanos(restNanos);
      }
      return next();
    } finally {
      lock.unlock();
    }
  }

  /** Whether no more comes and all was taken. */
  public boolean ended() {
    lock.lock();
    try {
      return ended && messages.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** No more comes: the connection is gone. What is here can still be read. */
  public void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #end}, and hands out what nobody has read. */
  public List<M> close() {
    lock.lock();
    try {
      List<M> unread = List.copyOf(messages);
      messages.clear();
      bytes = 0;
      ended = true;
      changed.signalAll();
      return unread;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable M next() {
    M message = messages.poll();
    if (message != null) {
      boolean wasFull = bytes >= BYTES_MAX;
      bytes -= lengthBytes.applyAsLong(message);
      if (wasFull && bytes < BYTES_MAX) {
        changed.signalAll();
      }
    }
    return message;
  }
}
