package io.hostpipe.testkit.simulator;

/**
 * All chance of a run: numbers that depend on the seed alone (SplitMix64, written out here so that
 * no release of the JDK can change a run).
 */
final class Dice {
  private long state;

  Dice(long seed) {
    this.state = seed;
  }

  long next() {
    state += 0x9E37_79B9_7F4A_7C15L;
    return Trace.mix(state);
  }

  /** From 0 to below the bound. */
  int below(int bound) {
    return (int) ((next() >>> 1) % bound);
  }

  /** From low to high, both included. */
  long between(long low, long high) {
    return low + (next() >>> 1) % (high - low + 1);
  }

  boolean percent(int chance) {
    return below(100) < chance;
  }

  boolean oneIn(int count) {
    return below(count) == 0;
  }

  int oneOf(int... values) {
    return values[below(values.length)];
  }

  /** Dice of their own, for a part whose number of throws must not move the others. */
  Dice fork() {
    return new Dice(next());
  }
}
