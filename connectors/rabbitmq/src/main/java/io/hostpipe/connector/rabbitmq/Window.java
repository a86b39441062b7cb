package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Rejection;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.ConfirmWindow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was published to a queue and is not confirmed: what is doubtful is sent again.
 *
 * <p>When a queue has no room for a message, nothing more is sent over that connection, and what is
 * on its way behind it is awaited: the queue takes it, or has no room for it either. Then it is
 * known what lies there.
 */
final class Window extends ConfirmWindow<Unconfirmed> {
  /** So long a confirmation may take. */
  static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Over which there was no room; null while there is. Under the lock. */
  private @Nullable Way full;

  /** Where the message ended that the server refused last, and where it began. */
  private long refusedPosition = -1;

  private long refusedStart;

  /** What lies between two positions of the stream. */
  record Range(long start, long end) {
    @Override
    public String toString() {
      return start + ".." + end;
    }
  }

  /**
   * What the queue took before a message that it had no room for, and lies behind it in the stream.
   *
   * @param message where that lies
   * @param before what is before it in the queue
   */
  record Passed(Range message, List<Range> before) {}

  Window(Commits commits, int messagesMax) {
    super(commits, messagesMax, PATIENCE);
  }

  /**
   * Notes that a message is about to be sent.
   *
   * @return false when it was sent over this connection already, or the connection is doubtful
   */
  boolean sends(Unconfirmed message, Way over, long number) {
    lock.lock();
    try {
      if (message.isSentOver(over) || isInTrouble() || isEnded() || over.equals(full)) {
        return false;
      }
      message.sendsOver(over, number);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** The same in trouble, for whoever clears it up. */
  void sendsAgain(Unconfirmed message, Way over, long number) {
    lock.lock();
    try {
      message.sendsOver(over, number);
    } finally {
      lock.unlock();
    }
  }

  /** The server has these, which whoever clears up has sent. */
  void confirm(List<Unconfirmed> messages) {
    lock.lock();
    try {
      messages.forEach(Unconfirmed::confirm);
    } finally {
      lock.unlock();
    }
    release();
  }

  /**
   * The server does not take a message at all: it is refused, and the next one follows on what it
   * followed. In trouble only, so nobody sends meanwhile.
   */
  void refuse(Unconfirmed message, Rejection why) {
    lock.lock();
    try {
      refusedPosition = message.endPosition();
      refusedStart = message.startPosition();
      message.refuse(why);
      waiting.forEach(this::linkUp);
    } finally {
      lock.unlock();
    }
    release();
  }

  /**
   * The queue has no room for a message. Nothing more is sent over this connection.
   *
   * @param andBefore and for none that was sent over it before and has no answer
   * @return whether all has an answer that was sent over it
   */
  boolean turnAway(Way over, long number, boolean andBefore) {
    lock.lock();
    try {
      if (isInTrouble()) {
        return false;
      }
      full = over;
      for (Unconfirmed each : waiting) {
        boolean meant = andBefore ? each.number() <= number : each.number() == number;
        if (each.isSentOver(over) && meant && !each.confirmed()) {
          each.turnAway();
        }
      }
      return isAnswered(over);
    } finally {
      lock.unlock();
    }
  }

  /** What passed the oldest message that the queue had no room for; null for nothing. */
  @Nullable Passed passed() {
    Range message = null;
    List<Range> passed = new ArrayList<>();
    lock.lock();
    try {
      for (Unconfirmed each : waiting) {
        if (message == null && each.isTurnedAway()) {
          message = new Range(each.startPosition(), each.endPosition());
        } else if (message != null && each.confirmed() && each.refusal() == null) {
          long start = each.startPosition();
          if (!passed.isEmpty() && passed.getLast().end() == start) {
            start = passed.removeLast().start();
          }
          passed.add(new Range(start, each.endPosition()));
        }
      }
    } finally {
      lock.unlock();
    }
    return message == null || passed.isEmpty() ? null : new Passed(message, passed);
  }

  /**
   * The server has a message.
   *
   * @param andBefore and all that were sent over this connection before it
   * @return whether it was the last answer of a connection over which there is no room
   */
  boolean confirm(Way over, long number, boolean andBefore) {
    boolean last;
    lock.lock();
    try {
      if (isInTrouble()) {
        // What was sent over a doubtful connection is sent again.
        return false;
      }
      for (Unconfirmed each : waiting) {
        if (!each.isSentOver(over)) {
          continue;
        }
        if (each.number() > number) {
          break;
        }
        if ((andBefore && !each.isTurnedAway()) || each.number() == number) {
          each.confirm();
        }
        if (each.number() == number) {
          break;
        }
      }
      last = over.equals(full) && isAnswered(over);
    } finally {
      lock.unlock();
    }
    release();
    return last;
  }

  @Override
  protected void onAdd(Unconfirmed message) {
    linkUp(message);
  }

  private void linkUp(Unconfirmed message) {
    if (message.refusal() == null
        && message.startPosition() == refusedPosition
        && message.endPosition() > refusedPosition) {
      message.startsAt(refusedStart);
    }
  }

  private boolean isAnswered(Way over) {
    return waiting.stream()
        .allMatch(each -> !each.isSentOver(over) || each.confirmed() || each.isTurnedAway());
  }
}
