package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What has been opened and is to be closed, whoever says so and whenever.
 *
 * <p>Opening blocks (a listener waits for its peer), and an interruption must end that too: {@link
 * #close} may come from any thread at any moment. It closes what is open, and whatever is opened
 * after it is closed at once.
 */
final class Closings implements AutoCloseable {
  private final ReentrantLock lock = new ReentrantLock();

  /** In the order they were opened, under the lock. */
  private final List<Runnable> closings = new ArrayList<>();

  private boolean closed;

  /**
   * Remembers how to close what was just opened.
   *
   * @throws PipeException when everything was closed meanwhile, and now this too
   */
  void add(Runnable closing) throws PipeException {
    lock.lock();
    try {
      if (!closed) {
        closings.add(closing);
        return;
      }
    } finally {
      lock.unlock();
    }
    closing.run();
    throw new PipeException.Closed(Status.CANCELLED, "closed while it was being opened");
  }

  /** Closes what was opened last first: what is not finished is aborted. Idempotent. */
  @Override
  public void close() {
    List<Runnable> due;
    lock.lock();
    try {
      closed = true;
      due = new ArrayList<>(closings.reversed());
      closings.clear();
    } finally {
      lock.unlock();
    }
    due.forEach(Runnable::run);
  }
}
