package io.hostpipe.connector.nats;

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
 * <p>States: sending, until there is trouble; then what is added waits until whoever clears it up
 * has said what the server has. Thread rule: any thread; commits are told outside the lock.
 */
final class Window {
  private static final long BYTES_MAX = 16L << 20;

  /** A confirmation that takes longer is doubted. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Commits commits;
  private final int messagesMax;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Held while commits are told, so that they are told in order; never under the other lock. */
  private final ReentrantLock telling = new ReentrantLock();

  private final ArrayDeque<Unconfirmed> waiting = new ArrayDeque<>();
  private long bytes;

  /** Of the newest message that is confirmed with all before it; refused ones have none. */
  private long storedPosition;

  private long storedSequence;

  /** Where the message ended that the server refused last, and what that one followed. */
  private long refusedPosition = -1;

  private long refusedFollows;
  private @Nullable PipeException trouble;
  private @Nullable PipeException ended;

  /**
   * An empty window.
   *
   * @param commits which stand where the stream does
   * @param storedSequence of the last message of the subject
   */
  Window(Commits commits, int messagesMax, long storedSequence) {
    this.commits = commits;
    this.messagesMax = messagesMax;
    this.storedPosition = commits.position();
    this.storedSequence = storedSequence;
  }

  /**
   * Takes a message in. Blocks while the window is full.
   *
   * @return whether it is to be sent now: one that is refused is not, and in trouble whoever clears
   *     it up sends what was not
   */
  boolean add(Unconfirmed message) throws PipeException, InterruptedException {
    boolean sends;
    lock.lockInterruptibly();
    try {
      while (ended == null && isFull()) {
        changed.await();
      }
      checkNotEnded();
      linkUp(message);
      waiting.add(message);
      bytes += message.payload().length;
      message.sent(System.nanoTime());
      sends = trouble == null && message.refusal() == null;
    } finally {
      lock.unlock();
    }
    if (message.refusal() != null) {
      release();
    }
    return sends;
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

  /** The server has it, under this number. */
  void confirm(Unconfirmed message, long sequence) {
    lock.lock();
    try {
      if (trouble != null) {
        // Whoever clears it up asks the server.
        return;
      }
      message.confirm(sequence);
    } finally {
      lock.unlock();
    }
    release();
  }

  /**
   * The server has everything up to this position, under numbers up to this one.
   *
   * @param withEnd whether it has the mark of the stream's end there as well
   */
  void confirmUpTo(long position, boolean withEnd, long sequence) {
    lock.lock();
    try {
      for (Unconfirmed each : waiting) {
        if (each.endPosition() <= position && (withEnd || !each.place().end())) {
          each.confirm(sequence);
        }
      }
    } finally {
      lock.unlock();
    }
    release();
  }

  /**
   * The server does not take the oldest message: it is refused, and those behind it follow on what
   * it followed. In trouble only, so nobody sends meanwhile.
   */
  void refuseOldest(Rejection why) {
    lock.lock();
    try {
      Unconfirmed oldest = waiting.element();
      refusedPosition = oldest.endPosition();
      refusedFollows = oldest.place().follows();
      oldest.refuse(why);
      waiting.forEach(this::linkUp);
    } finally {
      lock.unlock();
    }
    release();
  }

  private void linkUp(Unconfirmed message) {
    if (message.refusal() == null && message.place().follows() == refusedPosition) {
      message.follows(refusedFollows);
    }
  }

  /** Whether it is the one that all others wait for. */
  boolean isOldest(Unconfirmed message) {
    lock.lock();
    try {
      return waiting.peek() == message;
    } finally {
      lock.unlock();
    }
  }

  /** Waits so long, or until the window has ended. */
  void pause(long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long restNanos = nanos;
      while (ended == null && restNanos > 0) {
        restNanos = changed.awaitNanos(restNanos);
      }
    } finally {
      lock.unlock();
    }
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

  /** What has to be sent again, in order, to be sent by whoever asks; the trouble is over. */
  List<Unconfirmed> clearUp() {
    lock.lock();
    try {
      trouble = null;
      long nowNanos = System.nanoTime();
      waiting.forEach(each -> each.sent(nowNanos));
      changed.signalAll();
      return waiting.stream().filter(each -> each.refusal() == null).toList();
    } finally {
      lock.unlock();
    }
  }

  /** What is not confirmed, in order. */
  List<Unconfirmed> unconfirmed() {
    lock.lock();
    try {
      return List.copyOf(waiting);
    } finally {
      lock.unlock();
    }
  }

  /** Behind the newest message that is stored with all before it. */
  long storedPosition() {
    lock.lock();
    try {
      return storedPosition;
    } finally {
      lock.unlock();
    }
  }

  /** The number of that message in its stream. */
  long storedSequence() {
    lock.lock();
    try {
      return storedSequence;
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
        } else {
          storedPosition = oldest.endPosition();
          storedSequence = oldest.sequence();
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
