package io.hostpipe.session;

/**
 * Tells a silent peer from a silent process: when to ask for a sign of life, and when a link is
 * dead.
 *
 * <p>Any byte is life. If this process itself was stopped for long, its own silence proves nothing
 * about the peer: what it was late is not counted, and after a long stop the wait begins anew.
 */
final class Heartbeat {
  /** How many heartbeats without a byte make a link dead. */
  static final int MISSED_MAX = 3;

  private final long intervalNanos;
  private final long handshakeNanos;
  private long sinceNanos;
  private long heardNanos;
  private long tickedNanos;
  private boolean pingOutstanding;

  Heartbeat(long intervalNanos, long handshakeNanos) {
    this.intervalNanos = intervalNanos;
    this.handshakeNanos = handshakeNanos;
  }

  void onLink(long nowNanos) {
    sinceNanos = nowNanos;
    heardNanos = nowNanos;
    tickedNanos = nowNanos;
    pingOutstanding = false;
  }

  void onHeard(long nowNanos) {
    heardNanos = nowNanos;
    pingOutstanding = false;
  }

  void onPingSent() {
    pingOutstanding = true;
  }

  /** What the passing of time means for the link. */
  Verdict onTime(long nowNanos, boolean open) {
    long silentNanos = nowNanos - tickedNanos;
    tickedNanos = nowNanos;
    if (silentNanos > 2 * intervalNanos) {
      heardNanos = nowNanos;
      sinceNanos = nowNanos;
      pingOutstanding = false;
    } else if (silentNanos > intervalNanos) {
      heardNanos += silentNanos - intervalNanos;
      sinceNanos += silentNanos - intervalNanos;
    }
    if (!open && nowNanos - sinceNanos >= handshakeNanos) {
      return Verdict.NOT_GREETED;
    }
    if (nowNanos - heardNanos >= MISSED_MAX * intervalNanos) {
      return Verdict.DEAD;
    }
    boolean quiet = nowNanos - heardNanos >= intervalNanos;
    return open && quiet && !pingOutstanding ? Verdict.ASK : Verdict.ALIVE;
  }

  long deadlineNanos(boolean open) {
    long tick = tickedNanos + intervalNanos;
    return open ? tick : Math.min(tick, sinceNanos + handshakeNanos);
  }

  enum Verdict {
    ALIVE,
    ASK,
    DEAD,
    NOT_GREETED
  }
}
