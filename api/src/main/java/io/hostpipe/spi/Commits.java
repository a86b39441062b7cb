package io.hostpipe.spi;

import io.hostpipe.Committed;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * How far a sink has committed, what it rejected on the way, and who waits for that; the part of a
 * {@link io.hostpipe.Sink} that is the same for all of them.
 *
 * <p>A rejection is told once, with the first answer whose position lies at or behind it. A failure
 * never hides what was committed before it: that is told first. Thread rule: any thread; waiting
 * stages are completed on the thread that brings the news, outside the lock.
 */
public final class Commits {
  /** The most stages that may wait at a time. */
  public static final int WAITING_MAX = 65_536;

  /** The most rejections that may lie untold; one more fails the sink. */
  public static final int UNTOLD_MAX = 65_536;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final TreeMap<Long, Rejection> untold = new TreeMap<>();
  private final List<Waiting> waiting = new ArrayList<>();
  private long position;
  private long toldPosition;
  private @Nullable PipeException failure;

  /** All before this position is committed already. */
  public Commits(long position) {
    this.position = position;
    this.toldPosition = position;
  }

  /**
   * Everything before the position is committed or rejected; a lower one than before is nothing.
   */
  public void advance(long newPosition) {
    List<Runnable> due;
    lock.lock();
    try {
      if (newPosition <= position) {
        return;
      }
      position = newPosition;
      changed.signalAll();
      due = due();
    } finally {
      lock.unlock();
    }
    due.forEach(Runnable::run);
  }

  /** The message that ends there is refused; called before what passes it, in any order. */
  public void reject(long endPosition, Rejection why) {
    boolean full;
    lock.lock();
    try {
      full = untold.size() >= UNTOLD_MAX;
      if (!full) {
        untold.putIfAbsent(endPosition, why);
      }
    } finally {
      lock.unlock();
    }
    if (full) {
      fail(
          new PipeException.Rejected(
              Status.RESOURCE_EXHAUSTED,
              "more than " + UNTOLD_MAX + " messages were rejected and nobody asked for them"));
    }
  }

  /** Nothing more will be committed. Only the first cause counts. */
  public void fail(PipeException why) {
    List<Runnable> due;
    lock.lock();
    try {
      if (failure != null) {
        return;
      }
      failure = why;
      changed.signalAll();
      due = due();
    } finally {
      lock.unlock();
    }
    due.forEach(Runnable::run);
  }

  /** Everything before it is committed or rejected. */
  public long position() {
    lock.lock();
    try {
      return position;
    } finally {
      lock.unlock();
    }
  }

  /**
   * What is committed now.
   *
   * @throws PipeException the failure, once everything that came before it was told
   */
  public Committed committed() throws PipeException {
    lock.lock();
    try {
      if (failure != null && position == toldPosition && !hasUntold()) {
        throw failure;
      }
      return tell();
    } finally {
      lock.unlock();
    }
  }

  /** Blocks until everything before the position is committed or rejected. */
  public Committed await(long wanted) throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (position < wanted) {
        if (failure != null) {
          throw failure;
        }
        changed.await();
      }
      return tell();
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #await(long)}, but leaves the rejections to be told to somebody else. */
  public void awaitPosition(long wanted) throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (position < wanted) {
        if (failure != null) {
          throw failure;
        }
        changed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #await(long)}, for at most this long. */
  public Committed await(long wanted, Duration timeout) throws PipeException, InterruptedException {
    long restNanos = timeout.toNanos();
    lock.lockInterruptibly();
    try {
      while (position < wanted) {
        if (failure != null) {
          throw failure;
        }
        if (restNanos <= 0) {
          break;
        }
        restNanos = changed.awaitNanos(restNanos);
      }
      return tell();
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #await(long)}, without blocking. */
  public CompletionStage<Committed> when(long wanted) {
    lock.lock();
    try {
      if (position >= wanted) {
        return CompletableFuture.completedStage(tell());
      }
      if (failure != null) {
        return CompletableFuture.failedStage(failure);
      }
      if (waiting.size() >= WAITING_MAX) {
        throw new IllegalStateException("more than " + WAITING_MAX + " waits for commits at once");
      }
      Waiting one = new Waiting(wanted, new CompletableFuture<>());
      waiting.add(one);
      return one.stage.minimalCompletionStage();
    } finally {
      lock.unlock();
    }
  }

  private Committed tell() {
    toldPosition = position;
    if (untold.isEmpty()) {
      return new Committed(position, List.of());
    }
    List<Committed.Rejected> rejected = new ArrayList<>();
    while (hasUntold()) {
      Map.Entry<Long, Rejection> first = untold.pollFirstEntry();
      rejected.add(new Committed.Rejected(first.getKey(), first.getValue()));
    }
    return new Committed(position, rejected);
  }

  private boolean hasUntold() {
    return !untold.isEmpty() && untold.firstKey() <= position;
  }

  /** Takes out the waits that are over; they are run after the lock is given back. */
  private List<Runnable> due() {
    if (waiting.isEmpty()) {
      return List.of();
    }
    List<Runnable> due = new ArrayList<>();
    PipeException cause = failure;
    for (Iterator<Waiting> each = waiting.iterator(); each.hasNext(); ) {
      Waiting one = each.next();
      if (one.position <= position) {
        each.remove();
        Committed answer = tell();
        due.add(() -> one.stage.complete(answer));
      } else if (cause != null) {
        each.remove();
        due.add(() -> one.stage.completeExceptionally(cause));
      }
    }
    return due;
  }

  private record Waiting(long position, CompletableFuture<Committed> stage) {}
}
