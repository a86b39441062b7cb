package io.hostpipe.session;

/**
 * Tells a silent peer from a silent process: when to give and when to ask for a sign of life, and
 * when a link is dead.
 *
 * <p>Any byte is life. A side that has nothing to say says that it lives, unasked: on a slow link
 * the peer's question may be stuck behind data for longer than the peer may wait for the answer. If
 * this process itself was stopped for long, its own silence proves nothing about the peer: what it
 * was late is not counted, and after a long stop the wait begins anew.
 */
final class Heartbeat {
  /** How many heartbeats without a byte make a link dead. */
  static final int MISSED_MAX = 3;

  /** How many heartbeats without a byte make this side ask. */
  private static final int ASK_AFTER = 2;

  /** A timer that is later than this part of a heartbeat says that the process was not running. */
  private static final int LATE_PARTS = 64;

  private final long intervalNanos;
  private final long handshakeNanos;
  private long sinceNanos;
  private long heardNanos;
  private long tickedNanos;
  private long sentNanos;
  private boolean pingOutstanding;

  /** Whether the present greeting has been given more time. */
  private boolean extended;

  Heartbeat(long intervalNanos, long handshakeNanos) {
    this.intervalNanos = intervalNanos;
    this.handshakeNanos = handshakeNanos;
  }

  void onLink(long nowNanos) {
    sinceNanos = nowNanos;
    heardNanos = nowNanos;
    tickedNanos = nowNanos;
    sentNanos = nowNanos;
    pingOutstanding = false;
    extended = false;
  }

  void onHeard(long nowNanos) {
    heardNanos = nowNanos;
    pingOutstanding = false;
  }

  void onSent(long nowNanos) {
    sentNanos = nowNanos;
  }

  void onPingSent() {
    pingOutstanding = true;
  }

  /** What the passing of time means for the link. */
  Verdict onTime(long nowNanos, boolean open) {
    long absentNanos = nowNanos - tickedNanos;
    boolean late = nowNanos - deadlineNanos(open) > intervalNanos / LATE_PARTS;
    if (absentNanos > 2 * intervalNanos) {
      heardNanos = nowNanos;
      sinceNanos = nowNanos;
      pingOutstanding = false;
    } else if (absentNanos > intervalNanos) {
      heardNanos += absentNanos - intervalNanos;
      sinceNanos += absentNanos - intervalNanos;
    }
    if (!open && nowNanos - sinceNanos >= handshakeNanos) {
      if (extended || !late) {
        return Verdict.NOT_GREETED;
      }
      // This side was away when the time ran out; what came meanwhile is heard first.
      extended = true;
      sinceNanos = nowNanos - handshakeNanos + intervalNanos / 2;
    }
    if (nowNanos - heardNanos >= MISSED_MAX * intervalNanos) {
      return Verdict.DEAD;
    }
    boolean ticks = absentNanos >= intervalNanos;
    if (!ticks || !open) {
      tickedNanos = ticks ? nowNanos : tickedNanos;
      return Verdict.ALIVE;
    }
    tickedNanos = nowNanos;
    if (nowNanos - heardNanos >= ASK_AFTER * intervalNanos && !pingOutstanding) {
      return Verdict.ASK;
    }
    // Half, because what the last tick brought about was written a moment after it.
    return nowNanos - sentNanos >= intervalNanos / 2 ? Verdict.TELL : Verdict.ALIVE;
  }

  long deadlineNanos(boolean open) {
    long tick = tickedNanos + intervalNanos;
    return open ? tick : Math.min(tick, sinceNanos + handshakeNanos);
  }

  enum Verdict {
    ALIVE,
    TELL,
    ASK,
    DEAD,
    NOT_GREETED
  }
}
