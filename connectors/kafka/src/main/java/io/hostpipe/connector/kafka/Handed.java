package io.hostpipe.connector.kafka;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * The messages of a group that were handed over, and what of each partition the sink has committed.
 *
 * <p>A partition that was taken away belongs to somebody else: what was handed over of it may still
 * be committed by the sink, and comes again to the other one; it is told to nobody here.
 *
 * <p>Thread rule: any thread.
 */
final class Handed {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** In the order of the stream; all under the lock. */
  private final ArrayDeque<One> handed = new ArrayDeque<>();

  /** Of those partitions that are ours: during which assignment. */
  private final Map<TopicPartition, Long> ours = new HashMap<>();

  /** Committed by the sink, and not told to the brokers yet. */
  private Map<TopicPartition, OffsetAndMetadata> untold = new HashMap<>();

  private long assignments;

  /** Without the message itself: a sink may be away for long. */
  private record One(long endPosition, TopicPartition partition, long assignment, long offset) {}

  /** Those are ours from now on. */
  void assigned(Collection<TopicPartition> partitions) {
    lock.lock();
    try {
      assignments++;
      partitions.forEach(each -> ours.put(each, assignments));
    } finally {
      lock.unlock();
    }
  }

  /** Those are ours no more; what is untold of them is dropped. */
  void taken(Collection<TopicPartition> partitions) {
    lock.lock();
    try {
      ours.keySet().removeAll(partitions);
      untold.keySet().removeAll(partitions);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** During which assignment a partition is ours; -1 when it is not. */
  long assignment(TopicPartition partition) {
    lock.lock();
    try {
      return ours.getOrDefault(partition, -1L);
    } finally {
      lock.unlock();
    }
  }

  /** Whether its partition was not taken away since it came. */
  boolean isOurs(GroupMessage message) {
    return assignment(message.partition()) == message.assignment();
  }

  /** It was handed over, and ends there in the stream. */
  void add(long endPosition, GroupMessage message) {
    lock.lock();
    try {
      handed.add(
          new One(
              endPosition, message.partition(), message.assignment(), message.message().offset()));
    } finally {
      lock.unlock();
    }
  }

  /** The sink has all before this position. */
  void commit(long position) {
    lock.lock();
    try {
      for (One first = handed.peek();
          first != null && first.endPosition() <= position;
          first = handed.peek()) {
        handed.remove();
        if (ours.getOrDefault(first.partition(), -1L) == first.assignment()) {
          untold.put(first.partition(), new OffsetAndMetadata(first.offset() + 1));
        }
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** What the brokers are to be told; the caller's. */
  Map<TopicPartition, OffsetAndMetadata> takeUntold() {
    lock.lock();
    try {
      Map<TopicPartition, OffsetAndMetadata> all = untold;
      untold = new HashMap<>();
      return all;
    } finally {
      lock.unlock();
    }
  }

  /** They could not be told; newer ones stand. */
  void giveBack(Map<TopicPartition, OffsetAndMetadata> offsets) {
    lock.lock();
    try {
      offsets.forEach((partition, offset) -> {
        if (ours.containsKey(partition)) {
          untold.putIfAbsent(partition, offset);
        }
      });
    } finally {
      lock.unlock();
    }
  }

  /** Waits a while until the sink has committed what was handed over of these. */
  void awaitCommitted(Collection<TopicPartition> partitions, long timeoutNanos)
      throws InterruptedException {
    long restNanos = timeoutNanos;
    lock.lockInterruptibly();
    try {
      while (restNanos > 0
          && handed.stream().anyMatch(each -> partitions.contains(each.partition()))) {
        restNanos = changed.awaitNanos(restNanos);
      }
    } finally {
      lock.unlock();
    }
  }
}
