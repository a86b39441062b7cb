package io.hostpipe.runtime;

import io.hostpipe.Committed;
import io.hostpipe.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * How far a {@link Relay} has got, as seen from outside.
 *
 * <p>Thread rule: the relay's thread writes, any thread reads; each number is right by itself, and
 * the position is never below the committed one.
 */
public final class RelayProgress {
  /** The most refused messages that are remembered by name; the count goes on. */
  public static final int REJECTED_MAX = 1_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final List<Committed.Rejected> rejected = new ArrayList<>();
  private long rejectedCount;
  private long rejectedPosition = -1;
  private volatile long startPosition;
  private volatile long verifiedFrom;
  private volatile long position;
  private volatile long committed;
  private volatile @Nullable Digest digest;
  private volatile boolean finished;
  private volatile int failedSink = -1;
  private final AtomicLongArray committedBySink;
  private final AtomicIntegerArray finishedBySink;

  RelayProgress(int sinkCount) {
    committedBySink = new AtomicLongArray(sinkCount);
    finishedBySink = new AtomicIntegerArray(sinkCount);
  }

  /** Where this run began: the least that a sink held. */
  public long startPosition() {
    return startPosition;
  }

  /** The position from which the digests cover what was moved; 0 is all of it. */
  public long verifiedFrom() {
    return verifiedFrom;
  }

  /** Everything before it was handed to every sink. */
  public long position() {
    return position;
  }

  /** Everything before it is committed by every sink, or was refused by name. */
  public long committed() {
    return committed;
  }

  /** Everything before it is committed by this one of the sinks, counted from 0. */
  public long committed(int sink) {
    return committedBySink.get(sink);
  }

  /** Whether this one of the sinks has confirmed the end of the stream. */
  public boolean finished(int sink) {
    return finishedBySink.get(sink) != 0;
  }

  /** The sink that failed first, counted from 0; -1 when none did, as when the source failed. */
  public int failedSink() {
    return failedSink;
  }

  /** The refused messages in the order they were told, at most the first {@value #REJECTED_MAX}. */
  public List<Committed.Rejected> rejected() {
    lock.lock();
    try {
      return List.copyOf(rejected);
    } finally {
      lock.unlock();
    }
  }

  /** How many messages were refused. */
  public long rejectedCount() {
    lock.lock();
    try {
      return rejectedCount;
    } finally {
      lock.unlock();
    }
  }

  /** Whether the stream reached its end and every sink confirmed it. */
  public boolean finished() {
    return finished;
  }

  /** The digest of the whole stream; null until it finished, or where the sink cannot tell. */
  public @Nullable Digest digest() {
    return digest;
  }

  void start(long from, long verified) {
    position = from;
    committed = from;
    startPosition = from;
    verifiedFrom = verified;
  }

  void moved(long newPosition) {
    position = newPosition;
  }

  void committed(long newPosition) {
    committed = newPosition;
  }

  void sinkCommitted(int sink, long newPosition) {
    committedBySink.set(sink, newPosition);
  }

  void sinkFinished(int sink) {
    finishedBySink.set(sink, 1);
  }

  void sinkFailed(int sink) {
    if (failedSink < 0) {
      failedSink = sink;
    }
  }

  void finish(@Nullable Digest ofStream) {
    digest = ofStream;
    finished = true;
  }

  /** Remembers a refusal; false when this message was refused by another sink before. */
  boolean rejected(Committed.Rejected one) {
    lock.lock();
    try {
      boolean known =
          one.endPosition() <= rejectedPosition
              && rejected.stream().anyMatch(each -> each.endPosition() == one.endPosition());
      if (known) {
        return false;
      }
      rejectedPosition = Math.max(rejectedPosition, one.endPosition());
      rejectedCount++;
      if (rejected.size() < REJECTED_MAX) {
        rejected.add(one);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }
}
