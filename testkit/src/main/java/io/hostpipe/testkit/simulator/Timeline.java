package io.hostpipe.testkit.simulator;

import java.util.PriorityQueue;

/** Virtual time: what is to happen, in order; at one moment in the order it was asked for. */
final class Timeline {
  private final PriorityQueue<Entry> entries = new PriorityQueue<>();
  private long nowNanos = 1_000_000_000L;
  private long sequence;
  private long stepCount;

  long now() {
    return nowNanos;
  }

  long stepCount() {
    return stepCount;
  }

  void in(long delayNanos, Runnable action) {
    at(nowNanos + delayNanos, action);
  }

  void at(long nanos, Runnable action) {
    entries.add(new Entry(Math.max(nanos, nowNanos), sequence++, action));
  }

  /** Lets the next thing happen; false when nothing is to come before the end. */
  boolean step(long endNanos) {
    Entry next = entries.peek();
    if (next == null || next.nanos > endNanos) {
      nowNanos = Math.max(nowNanos, endNanos);
      return false;
    }
    entries.remove();
    nowNanos = next.nanos;
    stepCount++;
    next.action.run();
    return true;
  }

  private record Entry(long nanos, long order, Runnable action) implements Comparable<Entry> {
    @Override
    public int compareTo(Entry other) {
      int byTime = Long.compare(nanos, other.nanos);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }
}
