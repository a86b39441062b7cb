package io.hostpipe.connector.rabbitmq;

import io.hostpipe.spi.Commits;
import io.hostpipe.spi.ConfirmWindow;
import java.time.Duration;

/** What was published to a queue and is not confirmed: what is doubtful is sent again. */
final class Window extends ConfirmWindow<Unconfirmed> {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

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
      if (message.isSentOver(over) || isInTrouble() || isEnded()) {
        return false;
      }
      message.sendsOver(over, number);
      return true;
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
      if (isInTrouble()) {
        // What was sent over a doubtful connection is sent again.
        return;
      }
      for (Unconfirmed each : waiting) {
        if (!each.isSentOver(over)) {
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
}
