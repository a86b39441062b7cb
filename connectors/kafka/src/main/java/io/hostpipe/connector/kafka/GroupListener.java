package io.hostpipe.connector.kafka;

import io.hostpipe.Address;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.PipeContext;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The partitions that a consumer group gives to this member: each is accepted as a pipe of its own,
 * and ends when the group gives it to another member.
 *
 * <p>A pipe that ends though its partition is still ours is given again after a while, as a peer
 * would come again: its file may be locked for a moment longer by the member that had it before.
 * When its pipes fail for as long as their patience lasts, and nothing is committed, the listener
 * fails, and with it this member: another one may do better.
 *
 * <p>Thread rule: as {@link Listener}.
 */
final class GroupListener implements Listener {
  private final KafkaOptions options;
  private final PipeContext context;
  private final GroupMember member;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** To be given, the earliest first; all below under the lock. */
  private final PriorityQueue<Due> due =
      new PriorityQueue<>(Comparator.comparingLong(Due::atNanos));

  /** How it went with those that are ours. */
  private final Map<AssignedPartition, Tries> tries = new HashMap<>();

  private @Nullable PipeException failure;
  private boolean closed;

  private record Due(AssignedPartition partition, long atNanos) {}

  /** The failures in a row, the first of which was then, without a commit between them. */
  private record Tries(int count, long sinceNanos, long committedCount) {}

  GroupListener(KafkaOptions options, PipeContext context) {
    this.options = options;
    this.context = context;
    this.member = new GroupMember(options, context, this);
    member.start();
  }

  @Override
  public Pipe accept() throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (true) {
        if (failure != null) {
          throw failure;
        }
        if (closed) {
          throw new PipeException.Closed(
              Status.CANCELLED, options.address() + " was closed on this side");
        }
        Due first = due.peek();
        long waitNanos = first == null ? Long.MAX_VALUE : first.atNanos() - System.nanoTime();
        if (first != null && waitNanos <= 0) {
          due.remove();
          AssignedPartition partition = first.partition();
          return partition.open(
              new AssignedSource(
                  partition,
                  context.withStream(KafkaSource.streamIdOf(partition.options())),
                  this::fail));
        }
        if (first == null) {
          changed.await();
        } else {
          changed.awaitNanos(waitNanos);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Address address() {
    return options.address();
  }

  /** The member leaves when the last pipe has ended; at once when there is none. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    member.leave();
  }

  /** It is ours, and can be read. The member's thread. */
  void assigned(AssignedPartition partition) {
    lock.lock();
    try {
      tries.put(partition, new Tries(0, System.nanoTime(), 0));
      due.add(new Due(partition, System.nanoTime()));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** It is ours no more. The member's thread. */
  void taken(AssignedPartition partition) {
    lock.lock();
    try {
      tries.remove(partition);
      due.removeIf(each -> each.partition().equals(partition));
    } finally {
      lock.unlock();
    }
  }

  /** Its pipe has ended. Any thread. */
  void ended(AssignedPartition partition) {
    PipeException why = null;
    lock.lock();
    try {
      Tries before = tries.get(partition);
      if (before != null && !closed && failure == null) {
        long nowNanos = System.nanoTime();
        boolean moved = partition.committedCount() > before.committedCount();
        Tries now =
            moved || before.count() == 0
                ? new Tries(1, nowNanos, partition.committedCount())
                : new Tries(before.count() + 1, before.sinceNanos(), before.committedCount());
        if (nowNanos - now.sinceNanos() >= context.retry().giveUp().toNanos()
            || now.count() > context.retry().retryMax()) {
          why = givenUp(partition);
        } else {
          tries.put(partition, now);
          due.add(new Due(partition, nowNanos + delayNanos(now.count())));
          changed.signalAll();
        }
      }
    } finally {
      lock.unlock();
    }
    if (why != null) {
      fail(why);
    }
    member.pipeEnded();
  }

  /** Ends all pipes with this. Any thread. */
  void fail(PipeException why) {
    lock.lock();
    try {
      failure = failure == null ? why : failure;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    member.end(why);
  }

  private long delayNanos(int count) {
    long first = context.retry().firstDelay().toNanos();
    long longest = context.retry().longestDelay().toNanos();
    return Math.min(longest, first << Math.min(count, 16));
  }

  private static PipeException givenUp(AssignedPartition partition) {
    String reason = partition.lastReason();
    return new PipeException.Unreachable(
        partition.what()
            + " is given up: its pipe ended again and again, and nothing was committed"
            + (reason == null ? "" : "; the last time: " + reason),
        null);
  }
}
