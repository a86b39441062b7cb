package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a source reads from over a connection, opened again after each break for as long as the
 * limits of the pipe allow.
 *
 * <p>Thread rule: one thread gets and drops; {@link #close} from any.
 *
 * @param <T> what is read from
 */
public final class Standing<T extends AutoCloseable> implements AutoCloseable {
  private final Address address;
  private final Attempts attempts;
  private final ReentrantLock lock = new ReentrantLock();

  /** Under the lock. */
  private @Nullable T open;

  private boolean closed;

  /** Nothing is open yet. */
  public Standing(Address address, PipeContext context) {
    this.address = address;
    this.attempts = new Attempts(context, address);
  }

  /**
   * What is open, or what the call opens. Blocks.
   *
   * @throws PipeException DataLoss at once, anything else when no further try is allowed
   */
  public T get(Abroad.Call<T> opens) throws PipeException, InterruptedException {
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
  public void works(long position) {
    attempts.succeeded(position);
  }

  /** Closes what broke, and waits until the next try. */
  public void drop(T broken, PipeException why) throws PipeException, InterruptedException {
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
  public void checkOpen() throws PipeException {
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
        throw new PipeException.Closed(Status.CANCELLED, address + " was closed on this side");
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
