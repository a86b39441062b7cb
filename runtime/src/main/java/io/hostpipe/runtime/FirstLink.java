package io.hostpipe.runtime;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Dials until the first link stands, under the limits of {@link io.hostpipe.spi.RetryPolicy}, and
 * never again: for pipes that a second link could not go on.
 *
 * <p>Thread rule: dials on a thread of its own; {@link #cancel} from any.
 *
 * @param <L> what the dialer makes
 */
public final class FirstLink<L extends Link> {
  /** Who waits for the link: exactly one of the two is called, once, unless it was cancelled. */
  public interface Outcome<L extends Link> {
    /** It stands, and is the outcome's to close. */
    void onLink(L link);

    /** There will be none. */
    void onFailure(PipeException why);
  }

  /** Makes one link; as {@link Dialer#dial}. */
  public interface Dial<L extends Link> {
    /** Blocks. */
    L dial() throws IOException;
  }

  private final Dial<L> dial;
  private final String peer;
  private final String where;
  private final PipeContext context;
  private final Outcome<L> outcome;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();
  private final Patience patience;
  private boolean done;
  private volatile String lastReason = "nobody has answered yet";

  /**
   * Ready to be started.
   *
   * @param peer who is dialed, for people
   * @param where the address for messages
   */
  public FirstLink(
      Dial<L> dial, String peer, String where, PipeContext context, Outcome<L> outcome) {
    this.dial = dial;
    this.peer = peer;
    this.where = where;
    this.context = context;
    this.outcome = outcome;
    Duration giveUp = context.retry().giveUp();
    this.patience =
        new Patience(
            lock,
            giveUp,
            () -> {},
            () -> fail(unreachable("for " + Failures.shown(giveUp) + " (--give-up)", null)));
  }

  /** Begins to dial; returns at once. */
  public void start() {
    lock.lock();
    try {
      patience.begin();
    } finally {
      lock.unlock();
    }
    LinkThreads.background(this::run);
  }

  /** Nobody waits any longer: what still comes of it is closed. Idempotent. */
  public void cancel() {
    boolean _ = settle();
  }

  private void run() {
    Backoff backoff = new Backoff(context.retry(), new SecureRandom());
    try {
      while (!isDone()) {
        IOException failure = dialOnce();
        if (failure == null) {
          return;
        }
        lastReason = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        long delayNanos = backoff.nextDelayNanos();
        if (backoff.isExhausted()) {
          int tries = backoff.triesInARow();
          String limit = "in " + tries + (tries == 1 ? " try" : " tries") + " (--retry-max)";
          fail(unreachable(limit, failure));
          return;
        }
        if (!isDone()) {
          context.events().linkDown(peer, lastReason, Duration.ofNanos(delayNanos));
          awaitDone(delayNanos);
        }
      }
    } catch (PipeException e) {
      fail(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(new PipeException.Closed(Status.CANCELLED, where + ": interrupted while dialing", e));
    } catch (RuntimeException | Error e) {
      // As when no descriptor is left and a class cannot be loaded: nobody else would ever dial.
      fail(
          new PipeException.Refused(
              Status.INTERNAL, where + ": no link can be made here: " + e, e));
    }
  }

  /** Why there is no link; null when there is one, or nobody wants it any more. */
  private @Nullable IOException dialOnce() throws PipeException {
    L link;
    try {
      link = dial.dial();
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      return e;
    }
    if (settle()) {
      context.events().linkUp(link.peer(), 0);
      outcome.onLink(link);
    } else {
      link.close();
    }
    return null;
  }

  private void fail(PipeException why) {
    if (settle()) {
      outcome.onFailure(why);
    }
  }

  /** Whether this call is the one that ends it. */
  private boolean settle() {
    lock.lock();
    try {
      if (done) {
        return false;
      }
      done = true;
      patience.end();
      ended.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean isDone() {
    lock.lock();
    try {
      return done;
    } finally {
      lock.unlock();
    }
  }

  private void awaitDone(long timeoutNanos) throws InterruptedException {
    long restNanos = timeoutNanos;
    lock.lockInterruptibly();
    try {
      while (!done && restNanos > 0) {
        restNanos = ended.awaitNanos(restNanos);
      }
    } finally {
      lock.unlock();
    }
  }

  private PipeException unreachable(String limit, @Nullable IOException last) {
    return new PipeException.Unreachable(
        where + ": no link " + limit + "; last: " + lastReason, last);
  }
}
