package io.hostpipe.spi;

import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What was written to a broker and is not confirmed: bounded, in the order of the stream. A message
 * is told as committed with all before it, and as refused when its turn comes.
 *
 * <p>States: sending, until there is trouble; then what is added waits until whoever clears it up
 * knows what the broker has, and sends the rest. Ended, when nothing will be confirmed any more.
 * Thread rule: any thread; commits are told outside the lock.
 */
public abstract class ConfirmWindow<M extends UnconfirmedMessage> {
  private static final long BYTES_MAX = 16L << 20;
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Guards everything here. */
  protected final ReentrantLock lock = new ReentrantLock();

  /** What is not confirmed, in order. Under the lock. */
  protected final ArrayDeque<M> waiting = new ArrayDeque<>();

  private final Condition changed = lock.newCondition();

  /** Held while commits are told, so that they are told in order; never under the other lock. */
  private final ReentrantLock telling = new ReentrantLock();

  private final Commits commits;
  private final int messagesMax;
  private final long bytesMax;
  private final long patienceNanos;
  private long bytes;
  private boolean blocked;
  private @Nullable PipeException trouble;
  private @Nullable PipeException ended;

  /**
   * An empty window.
   *
   * @param commits which stand where the stream does
   * @param messagesMax how many may be unconfirmed
   * @param patience a confirmation that takes longer is doubted, unless the broker has said that it
   *     waits
   */
  protected ConfirmWindow(Commits commits, int messagesMax, Duration patience) {
    this(commits, messagesMax, BYTES_MAX, patience);
  }

  /**
   * The same with a limit of its own.
   *
   * @param bytesMax how many bytes may be unconfirmed before one message more
   */
  protected ConfirmWindow(Commits commits, int messagesMax, long bytesMax, Duration patience) {
    this.commits = commits;
    this.messagesMax = messagesMax;
    this.bytesMax = bytesMax;
    this.patienceNanos = patience.toNanos();
  }

  /**
   * Takes a message in. Blocks while the window is full.
   *
   * @return whether it is to be sent now: one that is refused is not, and in trouble whoever clears
   *     it up sends what was not
   * @throws PipeException when the window has ended
   */
  public final boolean add(M message) throws PipeException, InterruptedException {
    boolean sends;
    lock.lockInterruptibly();
    try {
      while (ended == null && isFull()) {
        changed.await();
      }
      checkNotEnded();
      onAdd(message);
      waiting.add(message);
      bytes += message.lengthBytes();
      message.sent(System.nanoTime());
      sends = trouble == null && message.refusal() == null;
    } finally {
      lock.unlock();
    }
    if (message.refusal() != null) {
      release();
    }
    return sends;
  }

  /** Whether {@link #add} would not block, for the one thread that adds. */
  public final boolean hasRoom() {
    lock.lock();
    try {
      return !isFull();
    } finally {
      lock.unlock();
    }
  }

  /** Blocks until all of it is confirmed, and that is told. */
  public final void awaitEmpty() throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (ended == null && !waiting.isEmpty()) {
        changed.await();
      }
      checkNotEnded();
    } finally {
      lock.unlock();
    }
    // Whoever took the last one out tells of it a moment later.
    release();
  }

  /** Whether it is the one that all others wait for. */
  @SuppressWarnings("ReferenceEquality") // This very message, whatever another one is equal to.
  public final boolean isOldest(M message) {
    lock.lock();
    try {
      return message.equals(waiting.peek());
    } finally {
      lock.unlock();
    }
  }

  /** What is not confirmed, in order. */
  public final List<M> unconfirmed() {
    lock.lock();
    try {
      return List.copyOf(waiting);
    } finally {
      lock.unlock();
    }
  }

  /** Something is doubtful; only the first doubt counts until it is cleared up. */
  public final void doubt(PipeException why) {
    lock.lock();
    try {
      if (trouble == null && ended == null) {
        trouble = why;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The broker takes nothing for now, and has said so; or it takes messages again. */
  public final void blocked(boolean now) {
    lock.lock();
    try {
      blocked = now;
      markAllSent();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Blocks until there is trouble.
   *
   * @return null when the window has ended
   */
  public final @Nullable PipeException awaitTrouble() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (trouble == null && ended == null) {
        changed.awaitNanos(LOOK_NANOS);
        M oldest = waiting.peek();
        if (oldest != null
            && trouble == null
            && !blocked
            && System.nanoTime() - oldest.sentNanos() > patienceNanos) {
          trouble =
              new PipeException.Unreachable(
                  "the server has not confirmed the message that ends at position "
                      + oldest.endPosition()
                      + " for "
                      + TimeUnit.NANOSECONDS.toSeconds(patienceNanos)
                      + " s",
                  null);
        }
      }
      return ended == null ? trouble : null;
    } finally {
      lock.unlock();
    }
  }

  /** What has to be sent again, in order, by whoever asks; the trouble is over. */
  public final List<M> clearUp() {
    lock.lock();
    try {
      trouble = null;
      blocked = false;
      markAllSent();
      changed.signalAll();
      return waiting.stream().filter(each -> !each.confirmed()).toList();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more will be confirmed. Only the first cause counts. */
  public final void end(PipeException why) {
    lock.lock();
    try {
      if (ended == null) {
        ended = why;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    commits.fail(why);
  }

  /** A message is about to be taken in. Under the lock. */
  protected void onAdd(M message) {}

  /** The broker has a message and all before it that was not refused. Under the lock. */
  protected void onStored(M message) {}

  /** Whether something is doubtful, so that confirmations count no more. Under the lock. */
  protected final boolean isInTrouble() {
    return trouble != null;
  }

  /** Whether a further message would have to wait. Under the lock. */
  protected final boolean isFull() {
    return waiting.size() >= messagesMax || bytes >= bytesMax;
  }

  /** Whether nothing will be confirmed any more. Under the lock. */
  protected final boolean isEnded() {
    return ended != null;
  }

  /** Tells what is confirmed with all before it. Without the lock. */
  protected final void release() {
    telling.lock();
    try {
      tell();
    } finally {
      telling.unlock();
    }
  }

  private void tell() {
    long position = -1;
    List<M> refused = new ArrayList<>(0);
    lock.lock();
    try {
      for (M oldest = waiting.peek();
          oldest != null && oldest.confirmed();
          oldest = waiting.peek()) {
        waiting.remove();
        bytes -= oldest.lengthBytes();
        position = oldest.endPosition();
        if (oldest.refusal() != null) {
          refused.add(oldest);
        } else {
          onStored(oldest);
        }
      }
      if (position >= 0 && hasMuchRoom()) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
    for (M each : refused) {
      Rejection why = each.refusal();
      if (why != null) {
        commits.reject(each.endPosition(), why);
      }
    }
    if (position >= 0) {
      commits.advance(position);
    }
  }

  /** A writer that is woken for each message that is confirmed waits again behind the next one. */
  private boolean hasMuchRoom() {
    return waiting.isEmpty()
        || (waiting.size() <= messagesMax - messagesMax / 16 && bytes <= bytesMax - bytesMax / 16);
  }

  private void markAllSent() {
    long nowNanos = System.nanoTime();
    waiting.forEach(each -> each.sent(nowNanos));
  }

  private void checkNotEnded() throws PipeException {
    PipeException why = ended;
    if (why != null) {
      throw why;
    }
  }
}
