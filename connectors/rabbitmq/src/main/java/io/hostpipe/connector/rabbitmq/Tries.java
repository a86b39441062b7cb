package io.hostpipe.connector.rabbitmq;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.Digest;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How often messages were in a reader's hands and came back. A quorum queue counts that for all
 * readers, those that were killed included. Of a classic queue's message the server says only that
 * somebody had it before; how often is known of what this source itself has handed over.
 *
 * <p>Thread rule: one thread; {@link #commit} from any.
 */
final class Tries {
  private static final int MARKS_MAX = 65_536;

  private final int most;
  private final SequencedMap<String, Tried> handedOver = new LinkedHashMap<>();
  private final AtomicLong committedPosition = new AtomicLong();
  private boolean counted;
  private volatile boolean applies;

  /**
   * Nothing was read yet.
   *
   * @param most how often a message is tried; 0 for as often as it takes
   */
  Tries(int most) {
    this.most = most;
    this.applies = most > 0;
  }

  /**
   * A message without a place that was handed over: by whom it came, where it ends, and how often
   * that was. What comes from the same reader is another message that looks the same.
   */
  private record Tried(QueueReader reader, long endPosition, int times) {}

  /** Whether there is a limit. */
  boolean limited() {
    return applies;
  }

  /**
   * Whether a reader may hold several at a time that nobody had before. All that it holds counts as
   * tried when it is killed; with one try that is too much.
   */
  boolean allowsMany() {
    return !applies || most > 1;
  }

  /** Whether it may be what has ended a reader. */
  boolean suspects(Delivery message) {
    return applies && (most == 1 || message.cameBefore());
  }

  /** No message is counted: who is given them commits all of them or none. */
  void suspend() {
    applies = false;
  }

  /** Whether the queue counts by itself. */
  void counted(boolean byQueue) {
    counted = byQueue;
  }

  /** How often it was tried before, where that is as often as it may be; 0 where it is not. */
  int used(Delivery message) {
    if (!applies || !message.cameBefore()) {
      return 0;
    }
    int times = before(message);
    return times >= most ? times : 0;
  }

  /** It is handed over, and ends there. */
  void handedOver(Delivery message, long endPosition) {
    if (!applies || counted || message.place() != null) {
      return;
    }
    int times = message.cameBefore() ? before(message) : 0;
    String mark = mark(message);
    handedOver.remove(mark);
    handedOver.put(mark, new Tried(message.reader(), endPosition, times + 1));
    if (handedOver.size() > MARKS_MAX) {
      handedOver.pollFirstEntry();
    }
  }

  /** What ends before there has arrived: should it come again, then not for a failure. */
  void commit(long position) {
    committedPosition.accumulateAndGet(position, Math::max);
  }

  private int before(Delivery message) {
    if (counted) {
      return Math.clamp(message.deliveryCount(), 1, Integer.MAX_VALUE);
    }
    Tried tried = message.place() == null ? handedOver.get(mark(message)) : null;
    return tried == null
            || tried.reader() == message.reader()
            || tried.endPosition() <= committedPosition.get()
        ? 1
        : tried.times();
  }

  /** The server has no number that stays: what its publisher calls it, or all that it says. */
  private static String mark(Delivery message) {
    Digest[] all = {Digest.of(ByteBuffer.wrap(message.body()))};
    message
        .headers()
        .forEach((name, value) ->
            all[0] = all[0].extend(UTF_8.encode("\n" + name + "=")).extend(ByteBuffer.wrap(value)));
    return message.body().length + " " + all[0].toLong();
  }
}
