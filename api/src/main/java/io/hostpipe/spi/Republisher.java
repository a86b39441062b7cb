package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the messages of one stream are published over, and who clears up when that is doubtful.
 *
 * <p>On any doubt (a broken connection, an error, no answer) nothing more is sent: the route is
 * given up, and over another one everything in the {@link ConfirmWindow} that the broker does not
 * have is sent once more, in its order. This goes on for as long as the limits of the pipe allow;
 * when they do not, the window ends with the cause.
 *
 * <p>Thread rule: one thread sends, a thread of its own clears up; {@link #doubt(Route,
 * PipeException)}, {@link #confirmed} and {@link #close} from any. No lock is held while a route is
 * made.
 *
 * @param <M> the messages
 * @param <R> what they go over
 */
public final class Republisher<M extends UnconfirmedMessage, R extends Republisher.Route>
    implements AutoCloseable {
  /** A connection that messages are published over, each itself and no other. */
  public interface Route extends AutoCloseable {
    /** Closes it. Idempotent; may wait until the broker has heard of all before it. */
    @Override
    void close();

    /** Closes it when it is broken, so that nothing more is expected of the broker. Idempotent. */
    default void abandon() {
      close();
    }
  }

  /** What only the broker's own connector knows. On the thread that clears up. */
  public interface Steps<M extends UnconfirmedMessage, R extends Route> {
    /**
     * Makes another route. Blocks.
     *
     * @return what the caller closes
     * @throws PipeException Unreachable, when another try may help
     */
    R connect() throws PipeException, InterruptedException;

    /**
     * Finds out what the broker has, before anything is sent over a route. Blocks.
     *
     * @throws PipeException Unreachable, when another try may help
     */
    default void settle(R next) throws PipeException, InterruptedException {}

    /** Sends what the broker does not have. As within {@link Republisher#send}. */
    void sendAgain(List<M> messages, R over);
  }

  /** Something that was doubtful about a route. */
  private record Doubt<R>(R about, PipeException why) {}

  /** What is published, from the start on. */
  private record Work<M extends UnconfirmedMessage>(Commits commits, ConfirmWindow<M> window) {}

  private final Address address;
  private final Attempts attempts;
  private final Steps<M, R> steps;

  /** Held while messages are handed to the library: they go out in the order of the stream. */
  private final ReentrantLock sending = new ReentrantLock();

  /** The first about each route since the last one was made, also about one not in use yet. */
  private final Queue<Doubt<R>> doubts = new ConcurrentLinkedQueue<>();

  private volatile boolean closed;
  private volatile boolean works = true;
  private volatile @Nullable Work<M> work;
  private volatile @Nullable R route;

  /**
   * Nothing is published yet, and doubts may be told.
   *
   * @param address of the broker, as it was written
   * @param attempts to make a route
   */
  public Republisher(Address address, Attempts attempts, Steps<M, R> steps) {
    this.address = address;
    this.attempts = attempts;
    this.steps = steps;
  }

  /**
   * Publishes over a route that stands. From here on doubts are cleared up. Called once, before all
   * that follows.
   *
   * @param first is closed with this object
   * @param window what is not confirmed; ends with this object
   * @param threadName of who clears up
   */
  public void start(R first, Commits commits, ConfirmWindow<M> window, String threadName) {
    work = new Work<>(commits, window);
    route = first;
    doubtAgain(first, window);
    Thread.ofVirtual().name(threadName).start(() -> keepUp(window));
  }

  /** What is sent over now, or was until it became doubtful. Any thread. */
  public R route() {
    return Objects.requireNonNull(route, "not started");
  }

  /** Whether it was closed on this side. Any thread. */
  public boolean closed() {
    return closed;
  }

  /** Refuses what comes after a close. Any thread. */
  public void checkOpen() throws PipeException {
    if (closed) {
      throw closedHere();
    }
  }

  /**
   * Hands messages to the route, while nobody else does.
   *
   * @param sends does not throw: what goes wrong is doubted
   */
  public void send(Consumer<? super R> sends) {
    sending.lock();
    try {
      sends.accept(route());
    } finally {
      sending.unlock();
    }
  }

  /** Something about a route is doubtful; this is forgotten when it was given up already. */
  public void doubt(R about, PipeException why) {
    // Noted before the route is looked at: whoever takes it into use looks here behind that.
    if (doubtAbout(about) == null) {
      doubts.add(new Doubt<>(about, why));
    }
    Work<M> begun = work;
    if (begun != null && isSame(about, route)) {
      begun.window.doubt(why);
    }
  }

  /** Something came of what was sent over a route: when it breaks, that is the first break. */
  public void confirmed(R over) {
    Work<M> begun = work;
    if (begun != null && !works && isSame(over, route)) {
      works = true;
      attempts.succeeded(begun.commits.position());
    }
  }

  @Override
  public void close() {
    closed = true;
    Work<M> begun = work;
    if (begun != null) {
      begun.window.end(closedHere());
    }
    attempts.stop();
    R last = route;
    if (last != null) {
      last.close();
    }
  }

  /** Clears up what is doubtful, until this is closed. */
  private void keepUp(ConfirmWindow<M> window) {
    try {
      for (PipeException trouble = window.awaitTrouble();
          trouble != null;
          trouble = window.awaitTrouble()) {
        clearUp(window, trouble);
      }
    } catch (PipeException e) {
      window.end(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      window.end(closedHere());
    } catch (RuntimeException e) {
      // Who waits must not wait for a thread that is gone.
      window.end(
          new PipeException.Unreachable(
              Status.INTERNAL,
              address + ": what writes there has failed: " + Attempts.reason(e),
              e));
    } finally {
      route().close();
    }
  }

  private void clearUp(ConfirmWindow<M> window, PipeException trouble)
      throws PipeException, InterruptedException {
    route().abandon();
    PipeException why = trouble;
    while (true) {
      works = false;
      attempts.pauseAfter(why);
      checkOpen();
      // All there is so far is about routes that are given up.
      doubts.clear();
      try {
        goOnOver(steps.connect(), window);
        return;
      } catch (PipeException.Unreachable e) {
        why = e;
      }
    }
  }

  private void goOnOver(R next, ConfirmWindow<M> window)
      throws PipeException, InterruptedException {
    boolean settled = false;
    try {
      steps.settle(next);
      settled = true;
    } finally {
      if (!settled) {
        next.close();
      }
    }
    sending.lock();
    try {
      route = next;
      steps.sendAgain(window.clearUp(), next);
    } finally {
      sending.unlock();
    }
    doubtAgain(next, window);
    // Whoever closed meanwhile has closed the route before this one.
    if (closed) {
      next.close();
    }
  }

  /** What was doubtful about a route before it came into use. */
  private void doubtAgain(R used, ConfirmWindow<M> window) {
    PipeException early = doubtAbout(used);
    if (early != null) {
      window.doubt(early);
    }
  }

  private @Nullable PipeException doubtAbout(R about) {
    for (Doubt<R> each : doubts) {
      if (isSame(each.about, about)) {
        return each.why;
      }
    }
    return null;
  }

  @SuppressWarnings("ReferenceEquality") // A route is itself and no other.
  private boolean isSame(R one, @Nullable R other) {
    return one == other;
  }

  private PipeException closedHere() {
    return new PipeException.Closed(Status.CANCELLED, address + " was closed on this side");
  }
}
