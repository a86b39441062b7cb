package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Digest;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Requests that were read, in their order, until the server has their answers: it is told of a
 * request then, and gives it to another process when this one dies before. One that comes again
 * over another connection, while it is worked on or after it was answered, is known by whom its
 * answer goes to and by its number there; what has the same over the same connection is another
 * request of somebody who gives all of them one number.
 *
 * <p>Thread rule: any thread; the server is answered outside the lock.
 */
final class Questions {
  private static final int ANSWERED_MAX = 65_536;

  /** Of all names that are remembered. */
  private static final long ANSWERED_CHARS_MAX = 8L << 20;

  private final ReentrantLock lock = new ReentrantLock();

  /** Under the lock, as all that follows: what was read and has no answer. */
  private final ArrayDeque<Question> open = new ArrayDeque<>();

  /** Those whose answer the server has not confirmed. */
  private final Map<String, Question> byName = new HashMap<>();

  /** Names of those that were answered last, and the number of the reader that each came by. */
  private final SequencedMap<String, Long> answered = new LinkedHashMap<>();

  private long answeredChars;

  /** By which reader a message came, and its number there. */
  private record Came(QueueReader reader, long tag) {}

  /** One of them. */
  static final class Question {
    private final long endPosition;
    private final @Nullable String name;
    private final @Nullable String replyTo;
    private final @Nullable String correlationId;

    /** Under the lock: how it came last. Its content is not kept while it is worked on. */
    private Came came;

    private Question(Delivery delivery, long endPosition) {
      this.endPosition = endPosition;
      this.name = nameOf(delivery);
      this.replyTo = delivery.replyTo();
      this.correlationId = delivery.correlationId();
      this.came = new Came(delivery.reader(), delivery.tag());
    }

    /** Where its answer goes; null when it asked for none. */
    @Nullable String replyTo() {
      return replyTo;
    }

    @Nullable String correlationId() {
      return correlationId;
    }
  }

  /** Whether it is to be worked on, and not one that is already, or was. */
  boolean isNew(Delivery delivery) {
    String name = delivery.cameBefore() ? nameOf(delivery) : null;
    if (name == null) {
      return true;
    }
    lock.lock();
    try {
      Question known = byName.get(name);
      if (known != null && known.came.reader() != delivery.reader()) {
        known.came = new Came(delivery.reader(), delivery.tag());
        return false;
      }
      Long answeredTo = answered.get(name);
      if (known != null || answeredTo == null || answeredTo == delivery.reader().number()) {
        return true;
      }
    } finally {
      lock.unlock();
    }
    delivery.reader().acknowledgeOne(delivery.tag());
    return false;
  }

  /** It is worked on, and ends there. */
  void taken(Delivery delivery, long endPosition) {
    Question question = new Question(delivery, endPosition);
    lock.lock();
    try {
      open.add(question);
      if (question.name != null) {
        byName.put(question.name, question);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The first that has no answer; null when each has one. */
  @Nullable Question next() {
    lock.lock();
    try {
      return open.poll();
    } finally {
      lock.unlock();
    }
  }

  /** The server has their answers. */
  void answered(List<Question> questions) {
    for (Question each : questions) {
      Came last = closed(each, true);
      last.reader().acknowledgeOne(last.tag());
    }
  }

  /**
   * The request that ends there is refused: it gets no answer, and is a dead letter.
   *
   * @return whether it had no answer so far, and was not refused before
   */
  boolean reject(long endPosition) {
    Question found = null;
    lock.lock();
    try {
      for (Question each : open) {
        if (each.endPosition == endPosition) {
          found = each;
        }
      }
      if (found != null) {
        open.remove(found);
      }
    } finally {
      lock.unlock();
    }
    if (found == null) {
      return false;
    }
    Came last = closed(found, false);
    last.reader().refuse(last.tag());
    return true;
  }

  private Came closed(Question question, boolean wasAnswered) {
    lock.lock();
    try {
      if (question.name != null) {
        boolean _ = byName.remove(question.name, question);
        if (wasAnswered) {
          remember(question.name, question.came.reader().number());
        }
      }
      return question.came;
    } finally {
      lock.unlock();
    }
  }

  /** Under the lock. */
  private void remember(String name, long reader) {
    if (answered.putLast(name, reader) == null) {
      answeredChars += name.length();
    }
    while (answered.size() > ANSWERED_MAX || answeredChars > ANSWERED_CHARS_MAX) {
      Map.Entry<String, Long> oldest = answered.pollFirstEntry();
      answeredChars -= oldest == null ? answeredChars : oldest.getKey().length();
    }
  }

  /** Null where it has no name of its own. Some programs give all that they ask one number. */
  private static @Nullable String nameOf(Delivery delivery) {
    String replyTo = delivery.replyTo();
    String number = delivery.correlationId();
    return replyTo == null || number == null
        ? null
        : number + " " + replyTo + " " + Digest.of(ByteBuffer.wrap(delivery.body())).toLong();
  }
}
