package io.hostpipe.connector.rabbitmq;

import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.spi.Commits;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What was written and is not confirmed: bounded, in the order of the stream.
 *
 * <p>States: sending, until there is trouble; then what is added waits until it is sent again over
 * another connection. Thread rule: any thread; commits are told outside the lock.
 */
final class Window {
  private static final long BYTES_MAX = 16L << 20;

  /** A confirmation that takes longer is doubted, unless the server has said that it waits. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Commits commits;
  private final int messagesMax;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Held while commits are told, so that they are told in order; never under the other lock. */
  private final ReentrantLock telling = new ReentrantLock();

  private final ArrayDeque<Unconfirmed> waiting = new ArrayDeque<>();
  private long bytes;
  private boolean blocked;
  private @Nullable PipeException trouble;
  private @Nullable PipeException ended;

  Window(Commits commits, int messagesMax) {
    this.commits = commits;
    this.messagesMax = messagesMax;
  }

  /** Takes a message in. Blocks while the window is full. */
  void add(Unconfirmed message) throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (ended == null && isFull()) {
        changed.await();
      }
      checkNotEnded();
      waiting.add(message);
      bytes += message.payload().length;
      message.sent(System.nanoTime());
    } finally {
      lock.unlock();
    }
    if (message.refusal() != null) {
      release();
    }
  }

  /**
   * Notes that a message is about to be sent.
   *
   * @return false when it was sent over this connection already, or the connection is doubtful
   */
  boolean sends(Unconfirmed message, Way over, long number) {
    lock.lock();
    try {
      if (message.sentOver() == over || trouble != null || ended != null) {
        return false;
      }
      message.sendsOver(over, number);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Blocks until all of it is confirmed. */
  void awaitEmpty() throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (ended == null && !waiting.isEmpty()) {
        changed.await();
      }
      checkNotEnded();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The server has a message.
   *
   * @param andBefore and all that were sent over this connection before it
   */
  void confirm(Way over, long number, boolean andBefore) {
    lock.lock();
    try {
      if (trouble != null) {
        // What was sent over a doubtful connection is sent again.
        return;
      }
      for (Unconfirmed each : waiting) {
        if (each.sentOver() != over) {
          continue;
        }
        if (each.number() > number) {
          break;
        }
        if (andBefore || each.number() == number) {
          each.confirm();
        }
        if (each.number() == number) {
          break;
        }
      }
    } finally {
      lock.unlock();
    }
    release();
  }

  /** Something is doubtful; only the first doubt counts until it is cleared up. */
  void doubt(PipeException why) {
    lock.lock();
    try {
      if (trouble == null && ended == null) {
        trouble = why;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The server takes nothing for now, and has said so; or it takes messages again. */
  void blocked(boolean now) {
    lock.lock();
    try {
      blocked = now;
      long nowNanos = System.nanoTime();
      waiting.forEach(each -> each.sent(nowNanos));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Blocks until there is trouble.
   *
   * @return null when the window has ended
   */
  @Nullable PipeException awaitTrouble() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (trouble == null && ended == null) {
        changed.awaitNanos(LOOK_NANOS);
        Unconfirmed oldest = waiting.peek();
        if (oldest != null
            && trouble == null
            && !blocked
            && System.nanoTime() - oldest.sentNanos() > PATIENCE_NANOS) {
          trouble =
              new PipeException.Unreachable(
                  "the server has not confirmed the message that ends at position "
                      + oldest.endPosition()
                      + " for "
                      + TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NANOS)
                      + " s",
                  null);
        }
      }
      return ended == null ? trouble : null;
    } finally {
      lock.unlock();
    }
  }

  /** What has to be sent again, in order, by whoever asks; the trouble is over. */
  List<Unconfirmed> clearUp() {
    lock.lock();
    try {
      trouble = null;
      blocked = false;
      long nowNanos = System.nanoTime();
      waiting.forEach(each -> each.sent(nowNanos));
      changed.signalAll();
      return waiting.stream().filter(each -> !each.confirmed()).toList();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more will be confirmed. Only the first cause counts. */
  void end(PipeException why) {
    lock.lock();
    try {
      if (ended == null) {
        ended = why;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    commits.fail(why);
  }

  private void release() {
    telling.lock();
    try {
      tell();
    } finally {
      telling.unlock();
    }
  }

  private void tell() {
    long position = -1;
    List<Unconfirmed> refused = new ArrayList<>(0);
    lock.lock();
    try {
      for (Unconfirmed oldest = waiting.peek();
          oldest != null && oldest.confirmed();
          oldest = waiting.peek()) {
        waiting.remove();
        bytes -= oldest.payload().length;
        position = oldest.endPosition();
        if (oldest.refusal() != null) {
          refused.add(oldest);
        }
      }
      if (position >= 0) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
    for (Unconfirmed each : refused) {
      Rejection why = each.refusal();
      if (why != null) {
        commits.reject(each.endPosition(), why);
      }
    }
    if (position >= 0) {
      commits.advance(position);
    }
  }

  private boolean isFull() {
    return waiting.size() >= messagesMax || bytes >= BYTES_MAX;
  }

  private void checkNotEnded() throws PipeException {
    PipeException why = ended;
    if (why != null) {
      throw why;
    }
  }
}
