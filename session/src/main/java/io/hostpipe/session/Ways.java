package io.hostpipe.session;

import org.jspecify.annotations.Nullable;

/**
 * The two directions of a session: which of them the two sides use, and which have ended. Until the
 * peer's HELLO says otherwise it is taken to do both.
 */
final class Ways {
  private final SessionConfig config;
  private final Outbound out;
  private final Inbound in;
  private boolean peerSends = true;
  private boolean peerReceives = true;

  Ways(SessionConfig config, Outbound out, Inbound in) {
    this.config = config;
    this.out = out;
    this.in = in;
  }

  /**
   * Why this peer cannot have this pipe, whatever link it comes over; null when it can.
   *
   * @param dialed whether the peer dialed
   */
  @Nullable SessionFailure refusal(Frame.Hello hello, boolean dialed) {
    SessionFailure mismatch = Compatibility.mismatch(config, hello, dialed);
    return mismatch == null && hello.sends() && config.receives() ? in.refusal(hello) : mismatch;
  }

  /** The peer is accepted; what this side answers. */
  Frame.Welcome greet(Frame.Hello hello) {
    peerSends = hello.sends();
    peerReceives = hello.receives();
    return hearsStream()
        ? in.welcome(hello)
        : new Frame.Welcome(config.receiver(), 0, 0, null, 0, null, 0);
  }

  /**
   * Whether this peer replaces the one whose link lives: a writer that says so, of a stream that
   * goes one way. A receiver is never replaced: what the other one holds is not known here.
   */
  boolean replaces(Frame.Hello hello) {
    return hello.takesOver()
        && hello.sends()
        && config.receives()
        && !(config.sends() && hello.receives());
  }

  /** What another peer hears while the link of the known one lives. */
  SessionFailure occupied() {
    return new SessionFailure(
        Code.ALREADY_EXISTS,
        "pipe '"
            + config.name()
            + "' has a peer that lives; waiting until that one is gone (a writer with --takeover"
            + " replaces it at once)",
        false);
  }

  /** What a writer hears whose stream was taken by this peer. */
  SessionFailure replaced(Frame.Hello hello) {
    return new SessionFailure(
        Code.FAILED_PRECONDITION,
        "the writer of stream "
            + hello.stream()
            + " was replaced by another one, which came with --takeover",
        false);
  }

  /** Where a stream may end for the second time, words follow a BYE: such a link is not kept. */
  Frame.Hello hello(LinkState link) {
    boolean keepsLink = config.keepsLinks() && !in.finSeen() && !out.finAcked();
    link.offerKeeping(keepsLink);
    return config.hello(link.number(), out, keepsLink);
  }

  boolean peerReceives() {
    return peerReceives;
  }

  /** Whether there is a stream that comes in. */
  boolean hearsStream() {
    return config.receives() && peerSends;
  }

  /** Whether there is a stream that goes out. */
  boolean saysStream() {
    return config.sends() && peerReceives;
  }

  /** Whether the peer has confirmed the end of the outgoing stream. */
  boolean outgoingFinished() {
    return !config.sends()
        || out.finAcked()
        || (out.finishing() && !peerReceives && out.next() == out.startPosition());
  }

  /** Whether the incoming stream ended in good order and everything of it was taken over. */
  boolean incomingEnded() {
    return !config.receives() || in.ended() || (!peerSends && in.received() == 0);
  }

  /** Whether the end of the incoming stream is applied and was confirmed to the peer. */
  boolean incomingFinished() {
    return !hearsStream() || in.finAcked();
  }

  /** Whether nothing more is to be said to the peer of this link, nor to be heard of it. */
  boolean bothEndedHere() {
    return bothEnded() && !(saysStream() && out.awaitsFinAck());
  }

  boolean bothEnded() {
    boolean outgoingEnded = outgoingFinished() || (config.sends() && !peerReceives);
    return outgoingEnded && incomingFinished();
  }
}
