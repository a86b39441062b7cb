package io.hostpipe.connector.nats;

import io.hostpipe.Rejection;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.ConfirmWindow;
import java.time.Duration;

/**
 * What was published to a subject and is not confirmed. Each message says which one it follows, so
 * when one is refused after all, those behind it follow on another.
 */
final class Window extends ConfirmWindow<Unconfirmed> {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Of the newest message that is confirmed with all before it; refused ones have none. */
  private long storedPosition;

  private long storedSequence;

  /** Where the message ended that the server refused last, and what that one followed. */
  private long refusedPosition = -1;

  private long refusedFollows;

  /**
   * An empty window.
   *
   * @param commits which stand where the stream does
   * @param storedSequence of the last message of the subject
   */
  Window(Commits commits, int messagesMax, long storedSequence) {
    super(commits, messagesMax, PATIENCE);
    this.storedPosition = commits.position();
    this.storedSequence = storedSequence;
  }

  /** The server has it, under this number; {@link #tell} tells it. */
  void confirm(Unconfirmed message, long sequence) {
    lock.lock();
    try {
      if (isInTrouble()) {
        // Whoever clears it up asks the server.
        return;
      }
      message.confirm(sequence);
    } finally {
      lock.unlock();
    }
  }

  /** Tells what is confirmed with all before it. */
  void tell() {
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

  @Override
  protected void onAdd(Unconfirmed message) {
    linkUp(message);
  }

  @Override
  protected void onStored(Unconfirmed message) {
    storedPosition = message.endPosition();
    storedSequence = message.sequence();
  }

  private void linkUp(Unconfirmed message) {
    if (message.refusal() == null && message.place().follows() == refusedPosition) {
      message.follows(refusedFollows);
    }
  }
}
