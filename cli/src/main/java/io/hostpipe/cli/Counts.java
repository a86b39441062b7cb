package io.hostpipe.cli;

/** How far something that moves has got: a stream, or many together. Thread rule: any thread. */
interface Counts {
  /** Where it began to pass here; what lies before it was in the sink already. */
  long startPosition();

  /** How far it was handed to the sinks. */
  long readPosition();

  /** How far all sinks have committed. */
  long committedPosition();

  /** Messages read; -1 for bytes. */
  long messageCount();

  /** The positions in words, for a line that somebody asked for. */
  default String positionsText() {
    return positionsText(startPosition(), readPosition(), committedPosition());
  }

  /** Three positions in words. */
  static String positionsText(long start, long read, long committed) {
    return "handed over: " + start + ".." + read + ", known to be delivered: " + committed;
  }

  /** Nanoseconds since the first batch; 0 before it. */
  long elapsedNanos();
}
