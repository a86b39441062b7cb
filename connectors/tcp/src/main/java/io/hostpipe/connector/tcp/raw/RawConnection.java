package io.hostpipe.connector.tcp.raw;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.FirstLink;
import io.hostpipe.runtime.socket.SocketLink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The one connection of a raw pipe, and what is known of how it ends.
 *
 * <p>States: waiting (for a dialed link), standing, then closed or failed. While it stands, each
 * direction ends for itself: ours with {@link #endOutput}, the peer's when its end is read. A pipe
 * is closed in order only when what it was for is done; else the connection is reset, so that a
 * peer does not take the torn stream for a whole one. (A unix socket knows no reset.)
 *
 * <p>The end of the peer's direction after ours was ended is the only sign of life that a raw peer
 * gives: who reads to the end and then closes has read everything. It is waited for, as long as the
 * options say; not longer, because many programs never close.
 *
 * <p>Thread rule: any thread; the lock is not held across I/O.
 */
final class RawConnection implements FirstLink.Outcome<SocketLink> {
  private static final long LOOK_NANOS_MIN = TimeUnit.MILLISECONDS.toNanos(1);

  /** How long the reader of a connection that broke is given to say who broke it. */
  static final Duration LAST_WORDS = Duration.ofMillis(200);

  private static final long LOOK_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(250);

  private final String where;
  private final @Nullable Duration keepAlive;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable SocketLink link;
  private @Nullable PipeException failure;
  private Runnable whenStanding = () -> {};
  private boolean closed;
  private boolean peerEnded;
  private @Nullable IOException broken;

  /**
   * A connection that is waited for.
   *
   * @param where the address for messages
   * @param keepAlive after how long an idle connection is asked for a sign of life; null never
   */
  RawConnection(String where, @Nullable Duration keepAlive) {
    this.where = where;
    this.keepAlive = keepAlive;
  }

  /** What to do on the thread that brings the link, before anybody hears of it. */
  void whenStanding(Runnable task) {
    whenStanding = task;
  }

  @Override
  public void onLink(SocketLink made) {
    try {
      made.resetWhenClosed();
      if (keepAlive != null) {
        made.keepAlive(keepAlive);
      }
    } catch (IOException e) {
      // The connection is gone already: reading from it says so.
    }
    lock.lock();
    try {
      if (closed) {
        made.close();
        return;
      }
      link = made;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    whenStanding.run();
  }

  @Override
  public void onFailure(PipeException why) {
    lock.lock();
    try {
      if (failure == null) {
        failure = why;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The address for messages. */
  String where() {
    return where;
  }

  /** The link; blocks until it stands. */
  SocketLink await() throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (true) {
        if (closed) {
          throw closedHere();
        }
        if (failure != null) {
          throw failure;
        }
        if (link != null) {
          return link;
        }
        changed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The peer's end was read: it sends nothing more. */
  void onPeerEnd() {
    lock.lock();
    try {
      peerEnded = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Reading or writing failed. Only the first cause counts. */
  void onBroken(IOException cause) {
    lock.lock();
    try {
      if (broken == null) {
        broken = cause;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Why nothing can be done with the connection any more, better than its own error; or null. */
  void checkFailure() throws PipeException {
    lock.lock();
    try {
      if (failure != null) {
        throw failure;
      }
      if (closed) {
        throw closedHere();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits a moment for whoever reads to say more about a connection that broke. */
  void awaitReader(Duration limit) throws InterruptedException {
    long restNanos = limit.toNanos();
    lock.lockInterruptibly();
    try {
      while (!peerEnded && broken == null && failure == null && !closed && restNanos > 0) {
        restNanos = changed.awaitNanos(restNanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends our direction and waits until the peer has ended its own, or {@code linger} is over and
   * the peer's system has everything. Blocks as long as it has not.
   *
   * @throws IOException when the connection breaks meanwhile
   */
  void endOutput(Duration linger) throws IOException, InterruptedException {
    SocketLink standing = await();
    boolean endedBefore = peerHasEnded();
    standing.shutdownOutput();
    long lingerNanos = endedBefore ? 0 : linger.toNanos();
    long begunNanos = System.nanoTime();
    long lookNanos = LOOK_NANOS_MIN;
    while (!isAnswered(endedBefore)) {
      long restNanos = lingerNanos - (System.nanoTime() - begunNanos);
      if (restNanos <= 0) {
        if (standing.isAcknowledged()) {
          // A connection that was reset has nothing unacknowledged either: the reader knows.
          awaitReader(LAST_WORDS);
          boolean _ = isAnswered(endedBefore);
          return;
        }
        restNanos = lookNanos;
        lookNanos = Math.min(2 * lookNanos, LOOK_NANOS_MAX);
      }
      awaitChange(restNanos);
    }
  }

  /** Closes it in order: what was written still arrives. Idempotent. */
  void close() {
    SocketLink open = release();
    if (open != null) {
      open.closeInOrder();
    }
  }

  /** Breaks it, so that the peer does not take it for an end. Idempotent. */
  void reset() {
    SocketLink open = release();
    if (open != null) {
      open.close();
    }
  }

  /** What a failed call says: that it was closed here, or interrupted, or what the peer did. */
  PipeException toException(IOException error, String lost) throws InterruptedException {
    if (error instanceof PipeException known) {
      return known;
    }
    if (error instanceof ClosedByInterruptException) {
      Thread.interrupted();
      throw new InterruptedException("interrupted on " + where);
    }
    try {
      checkFailure();
    } catch (PipeException better) {
      return better;
    }
    if (error instanceof AsynchronousCloseException) {
      return closedHere();
    }
    return new PipeException.Closed(
        Status.UNAVAILABLE,
        where + ": the connection broke (" + reason(error) + ") " + lost,
        error);
  }

  PipeException closedHere() {
    return new PipeException.Closed(Status.CANCELLED, where + " was closed on this side");
  }

  /** All remaining bytes; blocks until the system has them. */
  void write(ByteBuffer bytes) throws IOException, InterruptedException {
    SocketLink standing = await();
    while (bytes.hasRemaining()) {
      int _ = standing.channel().write(bytes);
    }
  }

  private @Nullable SocketLink release() {
    lock.lock();
    try {
      if (closed) {
        return null;
      }
      closed = true;
      changed.signalAll();
      return link;
    } finally {
      lock.unlock();
    }
  }

  private boolean peerHasEnded() {
    lock.lock();
    try {
      return peerEnded;
    } finally {
      lock.unlock();
    }
  }

  private boolean isAnswered(boolean endedBefore) throws IOException {
    lock.lock();
    try {
      if (failure != null) {
        throw failure;
      }
      if (closed) {
        throw closedHere();
      }
      if (broken != null) {
        throw broken;
      }
      return peerEnded && !endedBefore;
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // the callers loop over what they wait for
  private void awaitChange(long timeoutNanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long _ = changed.awaitNanos(timeoutNanos);
    } finally {
      lock.unlock();
    }
  }

  private static String reason(IOException error) {
    return error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage();
  }
}
