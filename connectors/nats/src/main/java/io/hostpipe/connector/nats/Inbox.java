package io.hostpipe.connector.nats;

import io.nats.client.Message;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Messages that one connection brought and nobody has read yet, bounded in bytes: the library's
 * thread waits when it is full, and so does the server.
 *
 * <p>Thread rule: one thread puts, one takes, any closes.
 */
final class Inbox {
  private static final long BYTES_MAX = 16L << 20;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Message> messages = new ArrayDeque<>();
  private long bytes;
  private boolean ended;

  /** Blocks while it is full; drops the message once nobody reads any more. */
  void put(Message message) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (bytes >= BYTES_MAX && !ended) {
        changed.await();
      }
      if (!ended) {
        bytes += message.consumeByteCount();
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
  @Nullable Message poll() {
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
  @Nullable Message poll(long timeoutNanos) throws InterruptedException {
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
  boolean ended() {
    lock.lock();
    try {
      return ended && messages.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** No more comes: the connection is gone. What is here can still be read. */
  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #end}, and hands out what nobody has read. */
  List<Message> close() {
    lock.lock();
    try {
      List<Message> unread = List.copyOf(messages);
      messages.clear();
      bytes = 0;
      ended = true;
      changed.signalAll();
      return unread;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Message next() {
    Message message = messages.poll();
    if (message != null) {
      boolean wasFull = bytes >= BYTES_MAX;
      bytes -= message.consumeByteCount();
      if (wasFull && bytes < BYTES_MAX) {
        changed.signalAll();
      }
    }
    return message;
  }
}
