package io.hostpipe.testkit.simulator;

/** How far a process has come, as the checks saw it last: none of it may ever fall. */
final class Progress {
  long acknowledged;
  long epoch;
  long received;
  long applied;
  long credit;

  /** The receiver forgot everything while this sender had not finished, and had met it. */
  boolean forgotten;
}
