package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.PipeContext;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a source reads from over a connection, opened again after each break for as long as the
 * limits of the pipe allow.
 *
 * <p>Thread rule: one thread gets and drops; {@link #close} from any.
 */
final class Standing<T extends AutoCloseable> implements AutoCloseable {
  private final NatsOptions options;
  private final Attempts attempts;
  private final ReentrantLock lock = new ReentrantLock();

  /** Under the lock. */
  private @Nullable T open;

  private boolean closed;

  Standing(NatsOptions options, PipeContext context) {
    this.options = options;
    this.attempts = new Attempts(context.retry(), context.events(), "" + options.address());
  }

  /**
   * What is open, or what the call opens. Blocks.
   *
   * @throws PipeException DataLoss at once, anything else when no further try is allowed
   */
  T get(Abroad.Call<T> opens) throws PipeException, InterruptedException {
    while (true) {
      T now = opened();
      if (now != null) {
        return now;
      }
      try {
        keep(Abroad.call(opens));
      } catch (PipeException.DataLoss e) {
        throw e;
      } catch (PipeException e) {
        pauseAfter(e);
      }
    }
  }

  /** Something came: the next break is the first one. */
  void works(long position) {
    attempts.succeeded(position);
  }

  /** Closes what broke, and waits until the next try. */
  void drop(T broken, PipeException why) throws PipeException, InterruptedException {
    lock.lock();
    try {
      open = null;
    } finally {
      lock.unlock();
    }
    closeQuietly(broken);
    pauseAfter(why);
  }

  /** Refuses what comes after a close. */
  void checkOpen() throws PipeException {
    opened();
  }

  @Override
  public void close() {
    T last;
    lock.lock();
    try {
      closed = true;
      last = open;
      open = null;
    } finally {
      lock.unlock();
    }
    attempts.stop();
    if (last != null) {
      closeQuietly(last);
    }
  }

  private void pauseAfter(PipeException why) throws PipeException, InterruptedException {
    checkOpen();
    attempts.pauseAfter(why);
  }

  private @Nullable T opened() throws PipeException {
    lock.lock();
    try {
      if (closed) {
        throw new PipeException.Closed(
            Status.CANCELLED, options.address() + " was closed on this side");
      }
      return open;
    } finally {
      lock.unlock();
    }
  }

  private void keep(T made) throws PipeException {
    lock.lock();
    try {
      if (!closed) {
        open = made;
        return;
      }
    } finally {
      lock.unlock();
    }
    closeQuietly(made);
  }

  /** The library's own objects, whose closing says nothing of interest. */
  private static void closeQuietly(AutoCloseable each) {
    try {
      each.close();
    } catch (Exception e) {
      // It is gone either way.
    }
  }
}
