package io.hostpipe.session;

/**
 * When a receiver's window is what holds its sender back.
 *
 * <p>A window has to cover what comes while word of new credit travels to the sender and its answer
 * back. That round trip is measured: from telling new credit to the first byte beyond what was told
 * before, the shortest time seen, since longer ones have waited for something else. As soon as a
 * window's worth was consumed, its rate is known; when what that rate brings in a few round trips
 * is more than the window, the window is too small.
 *
 * <p>So a link over the world gets all that it can use, and two processes of one machine stay
 * within their caches, however fast they are.
 */
final class WindowGrowth {
  /** How many round trips a window should hold: acknowledgements come in quarters of it. */
  private static final int ROUND_TRIPS = 4;

  private long roundTripNanos = Session.NEVER;
  private long toldAtNanos = Session.NEVER;
  private long toldBefore;
  private long markNanos = Session.NEVER;
  private long markConsumed;

  /** New credit goes out. */
  void onTold(long creditBefore, long nowNanos) {
    if (toldAtNanos == Session.NEVER) {
      toldAtNanos = nowNanos;
      toldBefore = creditBefore;
    }
  }

  /**
   * Data came up to here; the host let go of all before the other position.
   *
   * @return whether the sender was waiting for the credit that let it send this: the first byte
   *     beyond the old credit came one round trip behind the new one, and no later
   */
  boolean onReceived(long received, long consumed, long nowNanos) {
    if (markNanos == Session.NEVER) {
      markNanos = nowNanos;
      markConsumed = consumed;
    }
    if (toldAtNanos == Session.NEVER || received <= toldBefore) {
      return false;
    }
    long thisNanos = Math.max(1, nowNanos - toldAtNanos);
    roundTripNanos = Math.min(roundTripNanos, thisNanos);
    toldAtNanos = Session.NEVER;
    return thisNanos - roundTripNanos < roundTripNanos / 2;
  }

  /**
   * The host let go of all before this position. The first window is too small as long as no round
   * trip was measured.
   *
   * @return whether a larger window would let more come
   */
  boolean isTooSmall(long window, long consumed, long nowNanos) {
    long bytes = consumed - markConsumed;
    if (markNanos == Session.NEVER || bytes < window) {
      return false;
    }
    double elapsedNanos = Math.max(1, nowNanos - markNanos);
    markNanos = nowNanos;
    markConsumed = consumed;
    return bytes / elapsedNanos * roundTripNanos * ROUND_TRIPS > window;
  }

  /** Another link: its way may be a longer one, and the time between the two is nobody's. */
  void onLink() {
    roundTripNanos = Session.NEVER;
    toldAtNanos = Session.NEVER;
    markNanos = Session.NEVER;
  }
}
