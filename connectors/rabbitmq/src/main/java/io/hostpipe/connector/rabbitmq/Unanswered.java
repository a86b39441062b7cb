package io.hostpipe.connector.rabbitmq;

import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Requests that are under way, in their order, and what is known of each. One that has no answer at
 * its deadline is refused.
 *
 * <p>Thread rule: any thread; nothing is called while the lock is held.
 */
final class Unanswered {
  /** Of requests, of answers that wait for those before them, and of answers to come. */
  private static final long BYTES_MAX = 16L << 20;

  /** What is expected of an answer before there was one. */
  private static final long ANSWER_BYTES = 64 << 10;

  /** With each answer that is shorter, so small a part less is expected of the next ones. */
  private static final int FORGETTING = 64;

  private final int most;
  private final Duration timeout;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Under the lock, as all that follows. */
  private final ArrayDeque<Asked> waiting = new ArrayDeque<>();

  private final Map<String, Asked> byNumber = new HashMap<>();
  private long bytes;

  /** Room that is kept for each answer to come: some are as long as the longest of late. */
  private long expectedBytes = ANSWER_BYTES;

  private boolean last;
  private @Nullable PipeException trouble;
  private @Nullable PipeException ended;

  /**
   * None yet.
   *
   * @param most how many there may be
   * @param timeout what each is given
   */
  Unanswered(int most, Duration timeout) {
    this.most = most;
    this.timeout = timeout;
  }

  /** Adds one behind the others; its time begins. Blocks while there are too many. */
  void add(Asked request) throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (isFull() && ended == null) {
        changed.await();
      }
      checkEnded();
      request.waitsUntil(System.nanoTime() + timeout.toNanos());
      waiting.add(request);
      bytes += request.bytes();
      byNumber.put(request.number(), request);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Notes that a request is about to be sent.
   *
   * @return false when nobody waits for it any more, it was sent over this connection already, or
   *     the connection is doubtful
   */
  boolean sends(Asked request, RequestLine over) {
    lock.lock();
    try {
      if (request.settled() || request.sentOver() == over || trouble != null || ended != null) {
        return false;
      }
      request.sendsOver(over);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Whether somebody waited for this answer. */
  boolean answered(String number, Answer answer) {
    lock.lock();
    try {
      Asked request = byNumber.remove(number);
      if (request == null || request.settled()) {
        return false;
      }
      bytes += answer.bytes();
      expectedBytes = Math.max(answer.bytes(), expectedBytes - expectedBytes / FORGETTING);
      request.answered(answer);
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** There will be no answer. */
  void refused(String number, Rejection why) {
    lock.lock();
    try {
      Asked request = byNumber.remove(number);
      if (request != null) {
        request.refused(why);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * The first of them, once it is known what became of it. Blocks.
   *
   * @return null behind the last one
   */
  @Nullable Asked awaitSettled() throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (true) {
        checkEnded();
        Asked first = waiting.peek();
        if (first == null) {
          if (last) {
            return null;
          }
          changed.await();
          continue;
        }
        long restNanos = first.restNanos();
        if (!first.settled() && restNanos > 0) {
          var _ = changed.awaitNanos(restNanos);
          continue;
        }
        first.refused(late()); // nothing, where it is settled
        waiting.remove();
        Answer answer = first.answer();
        bytes -= first.bytes() + (answer == null ? 0 : answer.bytes());
        byNumber.remove(first.number());
        changed.signalAll();
        return first;
      }
    } finally {
      lock.unlock();
    }
  }

  /** No more are added. */
  void finish() {
    lock.lock();
    try {
      last = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The connection is doubtful: nothing more is sent over it. */
  void doubt(PipeException why) {
    lock.lock();
    try {
      if (trouble == null) {
        trouble = why;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Blocks until a connection is doubtful; null when none is needed any more. */
  @Nullable PipeException awaitTrouble() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (trouble == null && ended == null && !(last && waiting.isEmpty())) {
        changed.await();
      }
      return ended == null && !(last && waiting.isEmpty()) ? trouble : null;
    } finally {
      lock.unlock();
    }
  }

  /** All without an answer, to be asked over a connection that stands. */
  List<Asked> clearUp() {
    lock.lock();
    try {
      trouble = null;
      return waiting.stream().filter(each -> !each.settled()).toList();
    } finally {
      lock.unlock();
    }
  }

  /** Nobody waits any more. The first cause counts. */
  void end(PipeException why) {
    lock.lock();
    try {
      if (ended == null) {
        ended = why;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Throws what ended it, if something did. */
  void check() throws PipeException {
    lock.lock();
    try {
      checkEnded();
    } finally {
      lock.unlock();
    }
  }

  /** One is always taken, however long it is. */
  private boolean isFull() {
    return waiting.size() >= most || bytes + byNumber.size() * expectedBytes >= BYTES_MAX;
  }

  private void checkEnded() throws PipeException {
    PipeException why = ended;
    if (why != null) {
      throw why;
    }
  }

  private Rejection late() {
    return new Rejection(
        Status.DEADLINE_EXCEEDED,
        "no answer within "
            + timeout.toMillis()
            + " ms; whether the request was worked on is not known");
  }
}
