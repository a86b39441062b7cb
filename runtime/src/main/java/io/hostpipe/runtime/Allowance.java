package io.hostpipe.runtime;

/**
 * How long a peer may take for something, counted only while this process runs: a peer that has
 * answered one that was stopped has done so in time, and is not to be blamed for what nobody read.
 *
 * <p>It wants to be asked at {@link #deadlineNanos}, a step after the last time at the latest. Who
 * asks much later was away. After more than two steps the count begins anew; of a shorter absence
 * what exceeds one step does not count. And who finds the time over, and was away when that came
 * about, gives half a step more, once: what came meanwhile is heard first. So says section 11 of
 * docs/PROTOCOL.md of the greeting of a session, too.
 *
 * <p>Thread rule: one thread at a time; reads no clock.
 */
final class Allowance {
  /** To be asked later by more than this part of a step says that the process was not running. */
  private static final int LATE_PARTS = 64;

  private final long limitNanos;
  private final long stepNanos;
  private long sinceNanos;
  private long askedNanos;
  private boolean extended;

  /** Of this length, from now on. */
  Allowance(long limitNanos, long stepNanos, long nowNanos) {
    this.limitNanos = limitNanos;
    this.stepNanos = stepNanos;
    this.sinceNanos = nowNanos;
    this.askedNanos = nowNanos;
  }

  /** When it wants to be asked. */
  long deadlineNanos() {
    return Math.min(askedNanos + stepNanos, sinceNanos + limitNanos);
  }

  /** Whether the peer has had its time. */
  boolean isOver(long nowNanos) {
    long absentNanos = nowNanos - askedNanos;
    boolean late = nowNanos - deadlineNanos() > stepNanos / LATE_PARTS;
    if (absentNanos > 2 * stepNanos) {
      sinceNanos = nowNanos;
    } else if (absentNanos > stepNanos) {
      sinceNanos += absentNanos - stepNanos;
    }
    askedNanos = nowNanos;
    if (nowNanos - sinceNanos < limitNanos) {
      return false;
    }
    if (extended || !late) {
      return true;
    }
    extended = true;
    sinceNanos = nowNanos - limitNanos + stepNanos / 2;
    return false;
  }
}
