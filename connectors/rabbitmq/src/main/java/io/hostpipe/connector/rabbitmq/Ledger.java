package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What was read, and what of it the server waits to hear of.
 *
 * <p>A message is acknowledged when what it became is committed; one that came twice when that is
 * so of all before it. Where the sink keeps the place, nothing is acknowledged inside a batch: its
 * place belongs to the end of one.
 *
 * <p>Thread rule: any thread; the server is answered outside the lock, in order.
 */
final class Ledger {
  private static final int PLACES_MAX = 65_536;

  private final boolean wholeBatches;
  private final ReentrantLock lock = new ReentrantLock();

  /** Held while the server is answered: one answer stands for all before it. Never inside lock. */
  private final ReentrantLock answering = new ReentrantLock();

  /** Under the lock, as all that follows; in the order of their tags. */
  private final ArrayDeque<Held> held = new ArrayDeque<>();

  private final TreeSet<Long> batchEnds = new TreeSet<>();

  /** Places of messages that were refused, should one of them come again. */
  private final SequencedSet<Place> refused = new LinkedHashSet<>();

  /** Places of dead letters that were put back and taken once more. */
  private final SequencedSet<Place> putBack = new LinkedHashSet<>();

  /** By where it ends, the place of each that a reader had who is gone, and that may come again. */
  private final TreeMap<Long, Place> dropped = new TreeMap<>();

  private final Condition committed = lock.newCondition();
  private Seen seen = new Seen();
  private long committedPosition;

  /**
   * Nothing was read yet.
   *
   * @param wholeBatches whether nothing is acknowledged inside a batch
   */
  Ledger(boolean wholeBatches) {
    this.wholeBatches = wholeBatches;
  }

  /**
   * A message, by what it takes to answer it.
   *
   * @param taken whether it is the one that ends there, and not one that came behind it
   */
  private record Held(
      long endPosition, boolean taken, QueueReader reader, long tag, @Nullable Place place) {
    static Held of(Delivery delivery, boolean taken, long endPosition) {
      return new Held(endPosition, taken, delivery.reader(), delivery.tag(), delivery.place());
    }

    boolean isThatOf(long position) {
      return taken && endPosition == position;
    }
  }

  /** Goes on with what was read before. */
  void goOn(Seen before, long position) {
    lock.lock();
    try {
      seen = before;
      committedPosition = position;
    } finally {
      lock.unlock();
    }
  }

  Seen.Finding look(Place place) {
    lock.lock();
    try {
      return seen.look(place);
    } finally {
      lock.unlock();
    }
  }

  /** Where its stream ended so far, when something between that and the message is not there. */
  long gapBefore(Place place) {
    lock.lock();
    try {
      return seen.leavesGap(place) ? seen.top(place) : -1;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Whether a dead letter that somebody has put back is to be handed over, and not one that was
   * already.
   *
   * @param cameBefore whether some reader was given it before
   */
  boolean isPutBackAnew(Place place, boolean cameBefore) {
    lock.lock();
    try {
      return !putBack.contains(place) && !(cameBefore && refused.contains(place));
    } finally {
      lock.unlock();
    }
  }

  /**
   * A message was handed over, and ends at this position.
   *
   * @param wasDeadLetter whether somebody has put it back
   */
  void taken(Delivery delivery, boolean wasDeadLetter, long endPosition) {
    Place place = delivery.place();
    lock.lock();
    try {
      if (place != null) {
        seen.add(place);
        if (wasDeadLetter) {
          refused.remove(place);
          note(putBack, place);
        }
      }
      held.add(Held.of(delivery, true, endPosition));
    } finally {
      lock.unlock();
    }
  }

  /**
   * A message is in nobody's hands any more though it was not handed over: it is kept elsewhere, or
   * goes where the queue puts what is refused.
   *
   * @param kept whether it is kept elsewhere
   */
  void putAside(Delivery delivery, boolean kept) {
    Place place = delivery.place();
    answering.lock();
    try {
      lock.lock();
      try {
        if (place != null) {
          seen.add(place);
          putBack.remove(place);
          if (!kept) {
            note(refused, place);
          }
        }
      } finally {
        lock.unlock();
      }
      if (kept) {
        delivery.reader().acknowledgeOne(delivery.tag());
      } else {
        delivery.reader().refuse(delivery.tag());
      }
    } finally {
      answering.unlock();
    }
  }

  /** A message came that is not handed over, behind this position. */
  void passed(Delivery delivery, long position) {
    Place place = delivery.place();
    boolean refuses;
    lock.lock();
    try {
      refuses = place != null && refused.contains(place);
      if (!refuses) {
        held.add(Held.of(delivery, false, position));
      }
    } finally {
      lock.unlock();
    }
    if (refuses) {
      delivery.reader().refuse(delivery.tag());
    } else {
      acknowledge();
    }
  }

  /** The place behind a batch. */
  Cursor endBatch(long endPosition, Digest digest) {
    lock.lock();
    try {
      batchEnds.add(endPosition);
      return seen.toCursor(digest);
    } finally {
      lock.unlock();
    }
  }

  /** Whether a place had to be forgotten, for want of room in a cursor. */
  boolean forgot() {
    lock.lock();
    try {
      return seen.forgot();
    } finally {
      lock.unlock();
    }
  }

  /** Everything before the position is committed. */
  void commit(long position) {
    lock.lock();
    try {
      Long end = wholeBatches ? batchEnds.floor(position) : Long.valueOf(position);
      if (end == null || end <= committedPosition) {
        return;
      }
      committedPosition = end;
      committed.signalAll();
      batchEnds.headSet(end, true).clear();
      dropped.headMap(end, true).clear();
    } finally {
      lock.unlock();
    }
    acknowledge();
  }

  /** Whether everything before the position is committed. */
  boolean hasCommitted(long position) {
    lock.lock();
    try {
      return committedPosition >= position;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for that, for at most this long. */
  void awaitCommitted(long position, long timeoutNanos) throws InterruptedException {
    long restNanos = timeoutNanos;
    lock.lockInterruptibly();
    try {
      while (committedPosition < position && restNanos > 0) {
        restNanos = committed.awaitNanos(restNanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The message that ends there is a dead letter, and so is what came again of it. */
  void reject(long endPosition) {
    answering.lock();
    try {
      takeOut(endPosition).forEach(each -> each.reader().refuse(each.tag()));
    } finally {
      answering.unlock();
    }
  }

  private List<Held> takeOut(long endPosition) {
    lock.lock();
    try {
      List<Held> found = held.stream().filter(each -> each.isThatOf(endPosition)).limit(1).toList();
      Place place = found.isEmpty() ? dropped.remove(endPosition) : found.getFirst().place();
      if (place != null) {
        note(refused, place);
        putBack.remove(place);
      }
      if (found.isEmpty() && place != null) {
        found = held.stream().filter(each -> place.equals(each.place())).toList();
      }
      held.removeAll(found);
      return found;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The reader is gone: what was not acknowledged comes again.
   *
   * @return how many of them will not be known by their places
   */
  int dropHeld() {
    lock.lock();
    try {
      int unknown = 0;
      for (Held each : held) {
        Place place = each.place();
        if (each.taken() && each.endPosition() > committedPosition) {
          if (place == null) {
            unknown++;
          } else {
            dropped.putIfAbsent(each.endPosition(), place);
          }
        }
      }
      held.clear();
      return unknown;
    } finally {
      lock.unlock();
    }
  }

  private void acknowledge() {
    answering.lock();
    try {
      Held last = takeCommitted();
      if (last != null) {
        last.reader().acknowledge(last.tag());
      }
    } finally {
      answering.unlock();
    }
  }

  private @Nullable Held takeCommitted() {
    Held last = null;
    lock.lock();
    try {
      while (!held.isEmpty() && held.getFirst().endPosition() <= committedPosition) {
        last = held.removeFirst();
      }
      return last;
    } finally {
      lock.unlock();
    }
  }

  private static void note(SequencedSet<Place> places, Place place) {
    places.addLast(place);
    if (places.size() > PLACES_MAX) {
      places.removeFirst();
    }
  }
}
