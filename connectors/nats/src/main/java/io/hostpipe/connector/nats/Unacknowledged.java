package io.hostpipe.connector.nats;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Messages of a durable consumer that are here and not committed yet, in the order they were handed
 * over, and those that wait to be; answers to them go over whatever connection stands, not over the
 * one that brought them.
 *
 * <p>An acknowledgement is a request: the server confirms it when it has taken it in. All that one
 * commit acknowledges are sent before the first confirmation is waited for. What is not confirmed
 * is sent again, over the next connection too, and until then the message counts as one that is
 * here.
 *
 * <p>While it holds any, a thread of its own tells the server so, three times in each wait of the
 * consumer: no message is given to another reader because a sink is slow.
 *
 * <p>Thread rule: any thread.
 */
final class Unacknowledged {
  private static final String ACK = "+ACK";
  private static final String PROGRESS = "+WPI";

  /**
   * A message that is given back comes again after this: a server believes for 0.25 s that whoever
   * asked for messages still listens, and would give one of them to the reader that has just left.
   */
  private static final long GIVEN_BACK_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  /** It doubles with each delivery that came to nothing, up to this. */
  private static final long GIVEN_BACK_NANOS_MAX = TimeUnit.SECONDS.toNanos(30);

  private static final int DOUBLINGS_MAX = 16;

  private static final String TERMINATE = "+TERM";
  private static final int TELLINGS_EACH_WAIT = 3;
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final long pauseNanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Under the lock, as all that follows. */
  private final ArrayDeque<Held> held = new ArrayDeque<>();

  private Waiting waiting = new Waiting();

  /** Of what is held, and of what was answered and is not confirmed. */
  private final Set<Long> sequences = new HashSet<>();

  /** Answers by their numbers, which their confirmations bring back. */
  private final Map<Long, Answer> unconfirmed = new LinkedHashMap<>();

  /** Those of them that a commit waits for, which it does not do for ever. */
  private final Set<Long> awaited = new HashSet<>();

  private long answers;
  private @Nullable Connection connection;

  /** The subject that confirmations come to over this connection, without the number. */
  private String confirmations = "";

  private boolean started;
  private boolean ended;

  Unacknowledged(Duration ackWait) {
    this.pauseNanos = ackWait.toNanos() / TELLINGS_EACH_WAIT;
  }

  /**
   * Answers go over this connection from here on, and once more those that are not confirmed.
   *
   * @return what {@link #arrived} over it
   */
  Waiting answerOver(Connection standing) {
    String inbox = standing.createInbox() + ".";
    Dispatcher hearing = standing.createDispatcher(reply -> onReply(inbox, reply));
    hearing.subscribe(inbox + "*");
    Waiting fresh = new Waiting();
    lock.lock();
    try {
      waiting = fresh;
      connection = standing;
      confirmations = inbox;
      if (!started) {
        started = true;
        Thread.ofVirtual().name("nats-in-progress").start(this::tellProgress);
      }
    } finally {
      lock.unlock();
    }
    answerAgain();
    return fresh;
  }

  /** A message has come, and waits to be handed over: it counts as being worked on from here on. */
  void arrived(Waiting over, Message message) {
    lock.lock();
    try {
      over.answers.put(OrderedReader.sequence(message), message.getReplyTo());
    } finally {
      lock.unlock();
    }
  }

  /** Whether a message is not held already, and came once more; one that is new still waits. */
  boolean isNew(Message message) {
    long sequence = OrderedReader.sequence(message);
    lock.lock();
    try {
      boolean again = sequences.contains(sequence);
      if (again) {
        waiting.answers.remove(sequence);
      }
      return !again;
    } finally {
      lock.unlock();
    }
  }

  /** Holds a message that ends at this position. */
  void add(long endPosition, Message message) {
    long sequence = OrderedReader.sequence(message);
    lock.lock();
    try {
      waiting.answers.remove(sequence);
      held.add(
          new Held(
              endPosition, sequence, message.getReplyTo(), message.metaData().deliveredCount()));
      sequences.add(sequence);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Acknowledges everything up to this position, and waits until the server has confirmed that it
   * heard of it: an acknowledgement that was lost makes a message come again.
   */
  void commit(long position) {
    Map<Long, Answer> out = new LinkedHashMap<>();
    lock.lock();
    try {
      while (!held.isEmpty() && held.getFirst().endPosition() <= position) {
        out.put(++answers, new Answer(held.removeFirst(), ACK));
      }
      unconfirmed.putAll(out);
      awaited.addAll(out.keySet());
    } finally {
      lock.unlock();
    }
    if (!out.isEmpty()) {
      send(out);
      awaitConfirmed(out.keySet());
    }
  }

  /** No reader is to have the message that ends there again. */
  void reject(long endPosition) {
    Map<Long, Answer> out = new LinkedHashMap<>();
    lock.lock();
    try {
      Held refused = null;
      for (Held each : held) {
        if (each.endPosition() == endPosition) {
          refused = each;
        }
      }
      if (refused != null) {
        held.remove(refused);
        out.put(++answers, new Answer(refused, TERMINATE));
        unconfirmed.putAll(out);
      }
    } finally {
      lock.unlock();
    }
    send(out);
  }

  /** Whether nothing more is committed. */
  boolean hasEnded() {
    lock.lock();
    try {
      return ended;
    } finally {
      lock.unlock();
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

  /** What came over a connection that is gone, and was not handed over, is not here any more. */
  void forget(Waiting over) {
    lock.lock();
    try {
      if (waiting.equals(over)) {
        waiting = new Waiting();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * When this has ended: another reader may have what is not committed.
   *
   * @param over the connection that is about to be closed
   * @param came what came over it: what was not even handed over is given back, too
   */
  void giveBackIfEnded(Connection over, Waiting came) {
    List<Held> rest;
    List<String> unread;
    lock.lock();
    try {
      if (!ended) {
        return;
      }
      rest = List.copyOf(held);
      held.clear();
      came.answers.keySet().removeAll(sequences);
      unread = List.copyOf(came.answers.values());
    } finally {
      lock.unlock();
    }
    answerAgain();
    rest.forEach(each -> publish(over, each.replyTo(), null, giveBack(each.deliveries())));
    // Nobody has tried these.
    unread.forEach(each -> publish(over, each, null, giveBack(1)));
    flush(over);
  }

  private static String giveBack(long deliveries) {
    long doublings = Math.clamp(deliveries - 1, 0, DOUBLINGS_MAX);
    long nanos = Math.min(GIVEN_BACK_NANOS << doublings, GIVEN_BACK_NANOS_MAX);
    return "-NAK {\"delay\":" + nanos + "}";
  }

  private void tellProgress() {
    try {
      while (true) {
        List<String> now = new ArrayList<>();
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
          held.forEach(each -> now.add(each.replyTo()));
          now.addAll(waiting.answers.values());
          over = connection;
        } finally {
          lock.unlock();
        }
        for (String each : now) {
          publish(over, each, null, PROGRESS);
        }
        answerAgain();
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

  /** What was not confirmed is sent once more. */
  private void answerAgain() {
    Map<Long, Answer> out;
    lock.lock();
    try {
      out = new LinkedHashMap<>(unconfirmed);
    } finally {
      lock.unlock();
    }
    send(out);
  }

  private void send(Map<Long, Answer> out) {
    Connection over;
    String inbox;
    lock.lock();
    try {
      over = connection;
      inbox = confirmations;
    } finally {
      lock.unlock();
    }
    out.forEach((number, answer) ->
        publish(over, answer.message().replyTo(), inbox + number, answer.what()));
  }

  /** The server confirms an answer, or says that nobody there takes it: it is tried again later. */
  private void onReply(String inbox, Message reply) {
    long number = Long.parseLong(reply.getSubject().substring(inbox.length()));
    lock.lock();
    try {
      awaited.remove(number);
      if (!reply.isStatusMessage()) {
        Answer confirmed = unconfirmed.remove(number);
        if (confirmed != null) {
          sequences.remove(confirmed.message().sequence());
        }
      }
      if (awaited.isEmpty()) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits for these confirmations, a while, and not beyond the end of the connection. */
  private void awaitConfirmed(Set<Long> numbers) {
    long deadline = System.nanoTime() + ANSWER_TIMEOUT.toNanos();
    lock.lock();
    try {
      while (!Collections.disjoint(awaited, numbers)
          && !ended
          && stands()
          && System.nanoTime() - deadline < 0) {
        changed.awaitNanos(LOOK_NANOS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      awaited.removeAll(numbers);
      lock.unlock();
    }
  }

  private boolean stands() {
    Connection over = connection;
    return over != null && over.getStatus() == Connection.Status.CONNECTED;
  }

  private static void publish(
      @Nullable Connection over, String subject, @Nullable String reply, String what) {
    try {
      if (over != null) {
        over.publish(subject, reply, what.getBytes(US_ASCII));
      }
    } catch (IllegalStateException e) {
      // The connection is gone, and another one comes, or the message comes again.
    }
  }

  /** What came over one connection and was not handed over. */
  static final class Waiting {
    /** The subjects for answers, by sequences. Under the lock. */
    private final Map<Long, String> answers = new HashMap<>();
  }

  /** A message, by what it takes to answer it. */
  private record Held(long endPosition, long sequence, String replyTo, long deliveries) {}

  /** What a message was answered. */
  private record Answer(Held message, String what) {}
}
