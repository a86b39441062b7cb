package io.hostpipe.session;

/**
 * When an acknowledgement that waits for company goes out alone: after a while, or as soon as the
 * host says so. Due is no deadline any more: a write that is blocked must not make the timer spin.
 */
final class AckTimer {
  private final long delayNanos;
  private long atNanos = Session.NEVER;
  private boolean due;

  AckTimer(long delayNanos) {
    this.delayNanos = delayNanos;
  }

  /** There is something to acknowledge. */
  void onPending(long nowNanos) {
    if (atNanos == Session.NEVER && !due) {
      atNanos = nowNanos + delayNanos;
    }
  }

  /** It shall not wait any longer. */
  void hurry() {
    due = true;
    atNanos = Session.NEVER;
  }

  void onTime(long nowNanos) {
    if (atNanos <= nowNanos) {
      hurry();
    }
  }

  boolean isDue(long nowNanos) {
    return due || atNanos <= nowNanos;
  }

  /** There is nothing to acknowledge. */
  void stop() {
    due = false;
    atNanos = Session.NEVER;
  }

  long deadlineNanos() {
    return atNanos;
  }
}
