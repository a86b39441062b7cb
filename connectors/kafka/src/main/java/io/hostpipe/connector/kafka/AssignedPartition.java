package io.hostpipe.connector.kafka;

import io.hostpipe.Cursor;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.PipeEvents;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A partition that the group has given to this member, from then until it goes to another one: a
 * stream of its own, whose place the destination keeps and the group is told.
 *
 * <p>It is read by one pipe at a time. When that ends while the partition is still ours, it is
 * given again. When the partition goes to another member, no more of it is read; what was read is
 * committed, the pipe ends, and only then the other one begins.
 *
 * <p>Thread rule: the member's thread assigns and takes away; the pipe's threads the rest.
 */
final class AssignedPartition {
  private final KafkaOptions options;
  private final OffsetCursor groupPlace;
  private final boolean again;
  private final PipeEvents events;
  private final AtomicBoolean saidUnknown;
  private final Runnable whenClosed;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Handed over and not committed, in order; all below under the lock. */
  private final ArrayDeque<One> handed = new ArrayDeque<>();

  /** Where the group is when it was told all. */
  private long reached;

  /** Committed by the destination, and not told to the group; -1 for nothing. */
  private long untold = -1;

  /** The pipe that reads it; null while there is none. */
  private @Nullable Source reading;

  private boolean leaving;
  private @Nullable PipeException ended;

  /** What the last pipe failed with, as far as the source heard of it. */
  private @Nullable String lastReason;

  private long committedCount;

  private record One(long endPosition, long offset) {}

  /**
   * Ours from now on.
   *
   * @param options of this partition alone
   * @param groupPlace where the group is
   * @param again whether this member had it before
   * @param saidUnknown whether one of the member has said that its destination has nothing of it
   * @param whenClosed told when the pipe that reads it has ended
   */
  AssignedPartition(
      KafkaOptions options,
      OffsetCursor groupPlace,
      boolean again,
      PipeEvents events,
      AtomicBoolean saidUnknown,
      Runnable whenClosed) {
    this.options = options;
    this.groupPlace = groupPlace;
    this.reached = groupPlace.offset();
    this.again = again;
    this.events = events;
    this.saidUnknown = saidUnknown;
    this.whenClosed = whenClosed;
  }

  int index() {
    return options.partition();
  }

  KafkaOptions options() {
    return options;
  }

  /** Where the group is, or will be when it was told what is committed. */
  OffsetCursor place() {
    lock.lock();
    try {
      return groupPlace.at(reached);
    } finally {
      lock.unlock();
    }
  }

  /** A pipe over this source, which is the only one that reads it. */
  Pipe open(Source source) {
    lock.lock();
    try {
      handed.clear();
      reading = source;
      lastReason = null;
      return new PartitionPipe(this, source);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Where reading begins for a destination that stands there. A destination's own place wins: the
   * group hears of it later. But a member that had the partition before, and gave it away, goes on
   * where the others got to.
   */
  Resume begin(Resume from) throws PipeException {
    Cursor kept = from.cursor();
    if (kept == null) {
      boolean unknown = from.position() == 0 && groupPlace.offset() > 0 && !again;
      if (unknown && saidUnknown.compareAndSet(false, true)) {
        events.warning(
            what()
                + " goes on at offset "
                + place().offset()
                + ", where the group is; the destination has nothing of it: what was written"
                + " elsewhere and not told the group yet comes again");
      }
      return from;
    }
    OffsetCursor place = OffsetCursor.of(kept);
    boolean same =
        place.topicId().equals(groupPlace.topicId()) && place.partition() == groupPlace.partition();
    if (!same || place.offset() == groupPlace.offset()) {
      return from;
    }
    if (place.offset() > groupPlace.offset()) {
      tell(place.offset());
      return from;
    }
    if (again) {
      return new Resume(
          from.position(), groupPlace.toCursor(), from.digest(), from.position(), from.epoch());
    }
    events.warning(
        what()
            + " goes on at offset "
            + place.offset()
            + ", which the destination has; the group is at offset "
            + groupPlace.offset()
            + ": what lies between was written elsewhere by another member, or the destination has"
            + " lost it, and comes again");
    return from;
  }

  /** A batch was handed over, and ends there. */
  void handedOver(long endPosition, long offset) {
    lock.lock();
    try {
      handed.add(new One(endPosition, offset));
    } finally {
      lock.unlock();
    }
  }

  /**
   * The destination has all before this position.
   *
   * @param source that says so; what one of an earlier pipe says comes late, and means nothing in
   *     the positions of the next one
   */
  void commit(Source source, long position) {
    lock.lock();
    try {
      if (reading != null && !reading.equals(source)) {
        return;
      }
      for (One first = handed.peek();
          first != null && first.endPosition() <= position;
          first = handed.peek()) {
        handed.remove();
        committedCount++;
        reach(first.offset());
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** How many batches were committed: a pipe that moved nothing is no progress. */
  long committedCount() {
    lock.lock();
    try {
      return committedCount;
    } finally {
      lock.unlock();
    }
  }

  /** What the group is to be told, once; -1 for nothing. */
  long takeUntold() {
    lock.lock();
    try {
      long offset = untold;
      untold = -1;
      return offset;
    } finally {
      lock.unlock();
    }
  }

  /** It could not be told; a newer one stands. */
  void giveBack(long offset) {
    lock.lock();
    try {
      untold = untold < 0 ? offset : untold;
    } finally {
      lock.unlock();
    }
  }

  /** It goes to another member: no more of it is handed over. */
  void leave() {
    lock.lock();
    try {
      leaving = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Its pipe ends with this. */
  void end(PipeException why) {
    Source source;
    lock.lock();
    try {
      ended = ended == null ? why : ended;
      source = reading;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (source != null) {
      source.close();
    }
  }

  /**
   * Whether more of it may be read now; waits a while where what was handed over is to be committed
   * first.
   *
   * @throws PipeException when its time is over
   */
  boolean mayRead(long timeoutNanos) throws PipeException, InterruptedException {
    long restNanos = timeoutNanos;
    lock.lockInterruptibly();
    try {
      while (ended == null && leaving && !handed.isEmpty() && restNanos > 0) {
        restNanos = changed.awaitNanos(restNanos);
      }
      if (ended != null) {
        throw ended;
      }
      if (leaving && handed.isEmpty()) {
        throw goneElsewhere();
      }
      return !leaving;
    } finally {
      lock.unlock();
    }
  }

  /** What a read that failed is to say. */
  PipeException reason(PipeException thrown) {
    lock.lock();
    try {
      return ended != null ? ended : thrown;
    } finally {
      lock.unlock();
    }
  }

  /** What its pipe ends with when another member goes on: nothing is amiss. */
  PipeException goneElsewhere() {
    return new PipeException.Closed(
        Status.OK, what() + " belongs to another member of the group now, which goes on with it");
  }

  /** The pipe failed, and said why. */
  void failed(String reason) {
    lock.lock();
    try {
      lastReason = lastReason == null ? reason : lastReason;
    } finally {
      lock.unlock();
    }
  }

  /** Why the last pipe failed; null when nobody said. */
  @Nullable String lastReason() {
    lock.lock();
    try {
      return lastReason;
    } finally {
      lock.unlock();
    }
  }

  /** Waits a while until no pipe reads it; whether none does. */
  boolean awaitClosed(long timeoutNanos) throws InterruptedException {
    long restNanos = timeoutNanos;
    lock.lockInterruptibly();
    try {
      while (reading != null && restNanos > 0) {
        restNanos = changed.awaitNanos(restNanos);
      }
      return reading == null;
    } finally {
      lock.unlock();
    }
  }

  boolean isRead() {
    lock.lock();
    try {
      return reading != null;
    } finally {
      lock.unlock();
    }
  }

  String what() {
    return options.address() + ": partition " + index();
  }

  private void tell(long offset) {
    lock.lock();
    try {
      reach(offset);
    } finally {
      lock.unlock();
    }
  }

  /** Under the lock. What comes again takes the group back nowhere. */
  private void reach(long offset) {
    reached = Math.max(reached, offset);
    untold = reached;
  }

  private void closed(Source source) {
    lock.lock();
    try {
      if (!source.equals(reading)) {
        return;
      }
      reading = null;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    whenClosed.run();
  }

  /** What reads it; nothing can be written to it. */
  private record PartitionPipe(AssignedPartition of, Source source) implements Pipe {
    @Override
    public Sink sink() {
      throw new IllegalStateException(of.what() + " is read, and not written");
    }

    @Override
    public String description() {
      return of.what();
    }

    @Override
    public void close() {
      source.close();
      of.closed(source);
    }
  }
}
