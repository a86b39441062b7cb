package io.hostpipe.connector.grpc;

import com.google.protobuf.MessageLite;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How much memory the messages of a client take here. Thread rule: any thread; {@link #awaitRoom}
 * blocks.
 */
final class HeldMessages {
  /** What a message takes beside its bytes, roughly. */
  private static final int OVERHEAD_BYTES = 128;

  private final long bytesMax;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private long heldBytes;

  HeldMessages(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  /** One more is held; whether there is room for another one. */
  boolean add(MessageLite message) {
    return change(cost(message));
  }

  /** One is not held any more; whether there is room for another one. */
  boolean remove(MessageLite message) {
    return change(-cost(message));
  }

  /** Waits for room, or so long; whether there is. */
  boolean awaitRoom(long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long restNanos = nanos;
      while (heldBytes >= bytesMax && restNanos > 0) {
        restNanos = changed.awaitNanos(restNanos);
      }
      return heldBytes < bytesMax;
    } finally {
      lock.unlock();
    }
  }

  private boolean change(long bytes) {
    lock.lock();
    try {
      heldBytes += bytes;
      changed.signalAll();
      return heldBytes < bytesMax;
    } finally {
      lock.unlock();
    }
  }

  private static long cost(MessageLite message) {
    return (long) message.getSerializedSize() + OVERHEAD_BYTES;
  }
}
