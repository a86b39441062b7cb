package io.hostpipe.session;

import java.util.ArrayDeque;

/**
 * The rejections that a receiver's peer may not have got: those that were put on the present link,
 * and behind them those that were not yet. What is not confirmed when a link ends is sent again.
 *
 * <p>Thread rule: one thread at a time.
 */
final class Rejections {
  /** Above so many a PING asks whether the peer has them. */
  private static final int CONFIRM_COUNT = 1_024;

  private static final int COUNT_MAX = 65_536;

  private final ArrayDeque<Frame.Reject> sent = new ArrayDeque<>();
  private final ArrayDeque<Frame.Reject> unsent = new ArrayDeque<>();

  /** How many of those that were sent the PING is about that is on its way; 0 for none. */
  private int askedCount;

  /** Whether one more may come now. */
  boolean takesMore() {
    return sent.size() + unsent.size() < COUNT_MAX;
  }

  void add(Frame.Reject reject) {
    if (!takesMore()) {
      throw new IllegalStateException("more than " + COUNT_MAX + " unconfirmed rejections");
    }
    unsent.add(reject);
  }

  /** Another link: nothing was sent on it. */
  void onLink() {
    askedCount = 0;
    while (!sent.isEmpty()) {
      unsent.addFirst(sent.removeLast());
    }
  }

  boolean hasUnsent() {
    return !unsent.isEmpty();
  }

  /** Puts those that were not sent on this link, as far as there is room. */
  void poll(Transmit out) {
    while (!unsent.isEmpty() && out.hasRoomForControl()) {
      Frame.Reject next = unsent.remove();
      sent.add(next);
      out.control(next);
    }
  }

  /** Whether a PING should follow now, whose answer is {@link #onConfirmed}. */
  boolean asks() {
    if (sent.size() <= CONFIRM_COUNT || askedCount > 0) {
      return false;
    }
    askedCount = sent.size();
    return true;
  }

  /** The PING that was sent behind them was answered: the peer has them. */
  void onConfirmed() {
    for (; askedCount > 0; askedCount--) {
      sent.remove();
    }
  }
}
