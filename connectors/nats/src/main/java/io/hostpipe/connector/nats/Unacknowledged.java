package io.hostpipe.connector.nats;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.nats.client.Connection;
import io.nats.client.Message;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Messages of a durable consumer that are here and not committed yet, in the order they were handed
 * over; answers to them go over whatever connection stands, not over the one that brought them.
 *
 * <p>While it holds any, a thread of its own tells the server so, three times in each wait of the
 * consumer: no message is given to another reader because a sink is slow.
 *
 * <p>Thread rule: any thread.
 */
final class Unacknowledged {
  private static final byte[] ACK = "+ACK".getBytes(US_ASCII);
  private static final byte[] PROGRESS = "+WPI".getBytes(US_ASCII);

  /**
   * After 0.3 s: a server believes for 0.25 s that whoever asked for messages still listens, and
   * would give one of them to the reader that has just left.
   */
  private static final byte[] GIVE_BACK = "-NAK {\"delay\":300000000}".getBytes(US_ASCII);

  private static final byte[] TERMINATE = "+TERM".getBytes(US_ASCII);
  private static final int TELLINGS_EACH_WAIT = 3;
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);

  private final long pauseNanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Under the lock, as all that follows. */
  private final ArrayDeque<Held> held = new ArrayDeque<>();

  private final Set<Long> sequences = new HashSet<>();
  private @Nullable Connection connection;
  private boolean started;
  private boolean ended;

  Unacknowledged(Duration ackWait) {
    this.pauseNanos = ackWait.toNanos() / TELLINGS_EACH_WAIT;
  }

  /** Answers go over this connection from here on. */
  void answerOver(Connection standing) {
    lock.lock();
    try {
      connection = standing;
      if (!started) {
        started = true;
        Thread.ofVirtual().name("nats-in-progress").start(this::tellProgress);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether it is held already, and came once more. */
  boolean has(Message message) {
    lock.lock();
    try {
      return sequences.contains(OrderedReader.sequence(message));
    } finally {
      lock.unlock();
    }
  }

  /** Holds a message that ends at this position. */
  void add(long endPosition, Message message) {
    long sequence = OrderedReader.sequence(message);
    lock.lock();
    try {
      held.add(new Held(endPosition, sequence, message.getReplyTo()));
      sequences.add(sequence);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Acknowledges everything up to this position, and waits until the server has heard of it: an
   * acknowledgement that was lost makes a message come again.
   */
  void commit(long position) {
    List<Held> done = new ArrayList<>();
    Connection over;
    lock.lock();
    try {
      while (!held.isEmpty() && held.getFirst().endPosition() <= position) {
        Held oldest = held.removeFirst();
        sequences.remove(oldest.sequence());
        done.add(oldest);
      }
      over = connection;
    } finally {
      lock.unlock();
    }
    for (Held each : done) {
      answer(over, each, ACK);
    }
    if (!done.isEmpty()) {
      flush(over);
    }
  }

  /** No reader is to have the message that ends there again. */
  void reject(long endPosition) {
    Held refused = null;
    Connection over;
    lock.lock();
    try {
      for (Held each : held) {
        if (each.endPosition() == endPosition) {
          refused = each;
        }
      }
      if (refused != null) {
        held.remove(refused);
        sequences.remove(refused.sequence());
      }
      over = connection;
    } finally {
      lock.unlock();
    }
    if (refused != null) {
      answer(over, refused, TERMINATE);
    }
  }

  /** Nothing more is committed: what is held is given back when its reader closes. Idempotent. */
  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * When this has ended: another reader may have what is not committed.
   *
   * @param over the connection that is about to be closed
   * @param unread what came and was not even handed over
   */
  void giveBackIfEnded(Connection over, List<Message> unread) {
    List<Held> rest = new ArrayList<>();
    lock.lock();
    try {
      if (!ended) {
        return;
      }
      rest.addAll(held);
      held.clear();
      sequences.clear();
    } finally {
      lock.unlock();
    }
    unread.forEach(each -> rest.add(new Held(0, OrderedReader.sequence(each), each.getReplyTo())));
    rest.forEach(each -> answer(over, each, GIVE_BACK));
    flush(over);
  }

  private void tellProgress() {
    try {
      while (true) {
        List<Held> now;
        Connection over;
        lock.lockInterruptibly();
        try {
          long restNanos = pauseNanos;
          while (!ended && restNanos > 0) {
            restNanos = changed.awaitNanos(restNanos);
          }
          if (ended) {
            return;
          }
          now = List.copyOf(held);
          over = connection;
        } finally {
          lock.unlock();
        }
        now.forEach(each -> answer(over, each, PROGRESS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits until the server has heard all answers. */
  private static void flush(@Nullable Connection over) {
    try {
      if (over != null) {
        over.flush(ANSWER_TIMEOUT);
      }
    } catch (TimeoutException | IllegalStateException e) {
      // The messages come again, as this end says of itself.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void answer(@Nullable Connection over, Held to, byte[] what) {
    try {
      if (over != null) {
        over.publish(to.replyTo(), what);
      }
    } catch (IllegalStateException e) {
      // The connection is gone, and another one comes, or the message comes again.
    }
  }

  /** A message, by what it takes to answer it. */
  private record Held(long endPosition, long sequence, String replyTo) {}
}
