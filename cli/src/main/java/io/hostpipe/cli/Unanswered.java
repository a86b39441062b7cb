package io.hostpipe.cli;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * Says one line when the peer is there and nothing of what was sent is acknowledged for a while.
 *
 * <p>A peer that takes pipes one after another welcomes those that wait, and cannot tell them how
 * long; without the line its sender looks like one that hangs. Thread rule: a daemon thread of its
 * own looks; the rest from any thread.
 */
final class Unanswered implements AutoCloseable {
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int LOOKS_MAX = 10;

  private final Console console;
  private final Counts counts;
  private final BooleanSupplier connected;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();
  private boolean closed;

  /**
   * A watch that does not look yet.
   *
   * @param counts what moves
   * @param connected whether the peer is there
   */
  Unanswered(Console console, Counts counts, BooleanSupplier connected) {
    this.console = console;
    this.counts = counts;
    this.connected = connected;
  }

  /** Begins to look. */
  void start() {
    Thread.ofPlatform().daemon().name("unanswered").start(this::look);
  }

  /** Looks no more. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      ended.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void look() {
    lock.lock();
    try {
      int looks = 0;
      while (!closed && looks < LOOKS_MAX) {
        boolean _ = ended.awaitNanos(LOOK_NANOS) > 0;
        if (counts.committedPosition() > counts.startPosition()) {
          return;
        }
        boolean waits = connected.getAsBoolean() && counts.readPosition() > counts.startPosition();
        looks = waits ? looks + 1 : 0;
      }
      if (!closed) {
        console.say(
            "the other side has acknowledged nothing yet: it may be serving another pipe first"
                + " (keep), or acknowledge at the end only (a program); still waiting");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }
}
