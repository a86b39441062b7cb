package io.hostpipe.connector.rabbitmq;

import io.hostpipe.connector.rabbitmq.StreamWay.Outgoing;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.ConfirmWindow;
import java.time.Duration;

/**
 * What was published to a stream and is not confirmed: what is doubtful is sent again, under the
 * same number.
 */
final class StreamWindow extends ConfirmWindow<Outgoing> {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** What is unconfirmed may become one chunk of the stream, which its readers hold whole. */
  private static final long BYTES_MAX = 8L << 20;

  /** Of what was sent; under the lock. */
  private long newestPublishingId;

  /** Of what was confirmed with all before it; under the lock. */
  private long newestStoredId;

  StreamWindow(Commits commits, int messagesMax) {
    super(commits, messagesMax, BYTES_MAX, PATIENCE);
  }

  /**
   * Notes that a message is about to be sent.
   *
   * @return false when it was sent over this connection already, or the connection is doubtful
   */
  boolean sends(Outgoing message, StreamWay over) {
    lock.lock();
    try {
      if (message.isSentOver(over) || isInTrouble() || isEnded()) {
        return false;
      }
      message.sendsOver(over);
      newestPublishingId = Math.max(newestPublishingId, message.publishingId());
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The server has messages.
   *
   * @param publishingIds theirs, growing
   */
  void confirm(StreamWay over, long[] publishingIds) {
    lock.lock();
    try {
      if (isInTrouble()) {
        // What was sent over a doubtful connection is sent again.
        return;
      }
      int index = 0;
      for (Outgoing each : waiting) {
        while (index < publishingIds.length && publishingIds[index] < each.publishingId()) {
          index++;
        }
        if (index == publishingIds.length) {
          break;
        }
        if (each.isSentOver(over) && publishingIds[index] == each.publishingId()) {
          each.confirm();
        }
      }
    } finally {
      lock.unlock();
    }
    release();
  }

  /** The highest number that a message was sent under; 0 when none was. */
  long newestPublishingId() {
    lock.lock();
    try {
      return newestPublishingId;
    } finally {
      lock.unlock();
    }
  }

  /** The highest number that the server has confirmed, with all before it; 0 when none was. */
  long newestStoredId() {
    lock.lock();
    try {
      return newestStoredId;
    } finally {
      lock.unlock();
    }
  }

  @Override
  protected void onStored(Outgoing message) {
    newestStoredId = message.publishingId();
  }

  /** Whether a further message would have to wait. */
  boolean full() {
    lock.lock();
    try {
      return isFull();
    } finally {
      lock.unlock();
    }
  }
}
