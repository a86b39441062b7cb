package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What was read, and what of it the server waits to hear of.
 *
 * <p>A message is acknowledged when what it became is committed; one that came twice when that is
 * so of all before it. Where the sink keeps the place, nothing is acknowledged inside a batch: its
 * place belongs to the end of one.
 *
 * <p>Thread rule: any thread; the server is answered outside the lock.
 */
final class Ledger {
  private static final int REFUSED_MAX = 65_536;

  private final boolean wholeBatches;
  private final ReentrantLock lock = new ReentrantLock();

  /** Under the lock, as all that follows; in the order of their tags. */
  private final ArrayDeque<Held> held = new ArrayDeque<>();

  private final TreeSet<Long> batchEnds = new TreeSet<>();

  /** Places of messages that were refused, should one of them come again. */
  private final Set<Place> refused = new HashSet<>();

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

  /** A message, by what it takes to answer it. */
  private record Held(long endPosition, Delivery delivery) {}

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

  /** A message was handed over, and ends at this position. */
  void taken(Delivery delivery, long endPosition) {
    Place place = delivery.place();
    lock.lock();
    try {
      if (place != null) {
        seen.add(place);
      }
      held.add(new Held(endPosition, delivery));
    } finally {
      lock.unlock();
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
        held.add(new Held(position, delivery));
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
      batchEnds.headSet(end, true).clear();
    } finally {
      lock.unlock();
    }
    acknowledge();
  }

  /** The message that ends there is a dead letter. */
  void reject(long endPosition) {
    List<Delivery> found = new ArrayList<>(1);
    lock.lock();
    try {
      for (Held each : held) {
        if (each.endPosition() == endPosition) {
          found.add(each.delivery());
          Place place = each.delivery().place();
          if (place != null && refused.size() < REFUSED_MAX) {
            refused.add(place);
          }
          held.remove(each);
          break;
        }
      }
    } finally {
      lock.unlock();
    }
    found.forEach(each -> each.reader().refuse(each.tag()));
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
        if (each.delivery().place() == null && each.endPosition() > committedPosition) {
          unknown++;
        }
      }
      held.clear();
      return unknown;
    } finally {
      lock.unlock();
    }
  }

  private void acknowledge() {
    Delivery last = null;
    lock.lock();
    try {
      while (!held.isEmpty() && held.getFirst().endPosition() <= committedPosition) {
        last = held.removeFirst().delivery();
      }
    } finally {
      lock.unlock();
    }
    if (last != null) {
      last.reader().acknowledge(last.tag());
    }
  }
}
