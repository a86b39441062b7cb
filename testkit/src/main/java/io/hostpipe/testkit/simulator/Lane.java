package io.hostpipe.testkit.simulator;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * One way of a link: bytes arrive in order and late, the kernels in between hold only so many, and
 * what is in flight when it breaks is lost at any byte.
 */
final class Lane {
  static final long NEVER = Long.MAX_VALUE;

  /** Who reads, to be told when something arrives. */
  private Runnable onArrival = () -> {};

  /** Who writes, to be told when there is room again. */
  private Runnable onRoom = () -> {};

  private final Timeline timeline;
  private final Dice dice;
  private final long delayNanosMin;
  private final long delayNanosMax;
  private final byte[] ring;
  private final ArrayDeque<Run> runs = new ArrayDeque<>();
  private int head;
  private int count;
  private long lastArrivalNanos;
  private boolean held;
  private boolean ended;
  private long endArrivalNanos = NEVER;
  private boolean lost;

  Lane(Timeline timeline, Dice dice, int capacityBytes, long delayNanosMin, long delayNanosMax) {
    this.timeline = timeline;
    this.dice = dice;
    this.ring = new byte[capacityBytes];
    this.delayNanosMin = delayNanosMin;
    this.delayNanosMax = delayNanosMax;
  }

  void listen(Runnable arrival) {
    onArrival = arrival;
  }

  void tellRoom(Runnable room) {
    onRoom = room;
  }

  /** Takes what fits; what is written to a broken lane vanishes. */
  void write(ByteBuffer bytes) {
    if (lost || ended) {
      bytes.position(bytes.limit());
      return;
    }
    int taken = Math.min(bytes.remaining(), ring.length - count);
    if (taken == 0) {
      return;
    }
    for (int index = 0; index < taken; index++) {
      ring[(head + count + index) % ring.length] = bytes.get();
    }
    count += taken;
    runs.add(new Run(taken, arrival()));
    announce(runs.getLast().arrivalNanos);
  }

  /** The writer closes: the reader sees the end behind the last byte. */
  void end() {
    if (!ended && !lost) {
      ended = true;
      endArrivalNanos = arrival();
      announce(endArrivalNanos);
    }
  }

  /** How many bytes may be read now. */
  int available() {
    int available = 0;
    for (Run run : runs) {
      if (run.arrivalNanos > timeline.now()) {
        break;
      }
      available += run.bytes;
    }
    return available;
  }

  /** Whether all was read and the end has arrived. */
  boolean atEnd() {
    return count == 0 && endArrivalNanos <= timeline.now();
  }

  /** Reads at most so many of the bytes that have arrived, as a scattering read does. */
  int read(int bytesMax, ByteBuffer[] targets) {
    int wanted = Math.min(bytesMax, available());
    int taken = 0;
    for (ByteBuffer target : targets) {
      while (taken < wanted && target.hasRemaining()) {
        target.put(ring[head]);
        head = (head + 1) % ring.length;
        taken++;
      }
    }
    drop(taken);
    if (taken > 0) {
      onRoom.run();
    }
    return taken;
  }

  int inFlight() {
    return count;
  }

  boolean isHeld() {
    return held;
  }

  boolean isLost() {
    return lost;
  }

  // ---------------------------------------------------------------- faults

  /** Nothing arrives any more, and nobody is told. */
  void hold() {
    held = true;
    ArrayDeque<Run> waiting = new ArrayDeque<>();
    for (Run run : runs) {
      boolean there = run.arrivalNanos <= timeline.now();
      waiting.add(there ? run : new Run(run.bytes, NEVER));
    }
    runs.clear();
    runs.addAll(waiting);
    if (endArrivalNanos > timeline.now()) {
      endArrivalNanos = NEVER;
    }
  }

  /** What was held arrives after all. */
  void heal() {
    if (!held) {
      return;
    }
    held = false;
    ArrayDeque<Run> waiting = new ArrayDeque<>();
    for (Run run : runs) {
      waiting.add(run.arrivalNanos == NEVER ? new Run(run.bytes, arrival()) : run);
    }
    runs.clear();
    runs.addAll(waiting);
    if (ended && endArrivalNanos == NEVER) {
      endArrivalNanos = arrival();
    }
    announce(Math.max(lastArrivalNanos, timeline.now()));
    for (Run run : runs) {
      announce(run.arrivalNanos);
    }
  }

  /** Breaks: only so many of the bytes in flight still arrive, and then the end, at this moment. */
  void breakAfter(int keptBytes, long endNanos) {
    if (lost) {
      return;
    }
    lost = true;
    int surplus = count - keptBytes;
    while (surplus > 0) {
      Run last = runs.removeLast();
      int cut = Math.min(surplus, last.bytes);
      if (cut < last.bytes) {
        runs.addLast(new Run(last.bytes - cut, last.arrivalNanos));
      }
      count -= cut;
      surplus -= cut;
    }
    for (Run run : runs) {
      lastArrivalNanos = run.arrivalNanos == NEVER ? lastArrivalNanos : run.arrivalNanos;
    }
    heal();
    endArrivalNanos = Math.max(endNanos, Math.max(lastArrivalNanos, timeline.now()));
    announce(endArrivalNanos);
    onRoom.run();
  }

  /** Flips one bit of one of the bytes in flight. */
  void flip(int index, int bit) {
    int at = (head + index) % ring.length;
    ring[at] ^= (byte) (1 << bit);
  }

  private long arrival() {
    if (held) {
      return NEVER;
    }
    long arrival = timeline.now() + dice.between(delayNanosMin, delayNanosMax);
    lastArrivalNanos = Math.max(lastArrivalNanos, arrival);
    return lastArrivalNanos;
  }

  private void announce(long nanos) {
    if (nanos != NEVER) {
      timeline.at(nanos, () -> onArrival.run());
    }
  }

  private void drop(int bytes) {
    count -= bytes;
    int left = bytes;
    while (left > 0) {
      Run first = runs.removeFirst();
      if (first.bytes > left) {
        runs.addFirst(new Run(first.bytes - left, first.arrivalNanos));
        left = 0;
      } else {
        left -= first.bytes;
      }
    }
  }

  private record Run(int bytes, long arrivalNanos) {}
}
