package io.hostpipe.session;

import org.jspecify.annotations.Nullable;

/**
 * The acceptor's part of the authentication of one link. It stands before all sessions: who does
 * not come through has learned nothing of any pipe, and has changed nothing.
 *
 * <p>Use: {@link #onHello}, send {@link #challenge}, then {@link #onProof} with the key of the
 * token that the HELLO claims. Where there is no such token, any other key serves: it answers the
 * same, after the same time. Thread rule: one thread.
 */
public final class Gate {
  private final Frame.Challenge challenge;
  private final byte[] channelBinding;
  private Frame.@Nullable Hello hello;

  /**
   * A gate for one link.
   *
   * @param binding what has to tie proofs to the link
   * @param channelBinding the carrier's own value for this link; empty when nothing ties it
   * @param nonce random, used on this link alone
   */
  public Gate(Frame.Binding binding, byte[] channelBinding, Frame.Id nonce) {
    this.challenge = new Frame.Challenge(binding, nonce);
    this.channelBinding = channelBinding.clone();
  }

  /** The dialer's HELLO, its first frame; what it is answered when it cannot pass. */
  public @Nullable SessionFailure onHello(Frame.Hello dialers) {
    Frame.Claim claim = dialers.claim();
    if (claim == null) {
      return new SessionFailure(
          Code.UNAUTHENTICATED,
          "this listener wants a token; give the side that dials token=@FILE or token=env:NAME",
          false);
    }
    if (claim.binding() != challenge.binding()) {
      return new SessionFailure(
          Code.UNAUTHENTICATED, differs(challenge.binding(), claim.binding()), false);
    }
    hello = dialers;
    return null;
  }

  /** What the dialer is to be asked. */
  public Frame.Challenge challenge() {
    return challenge;
  }

  /**
   * The dialer's answer.
   *
   * @param key of the token that it claims
   * @return what lets its HELLO into a session; null when it has not proved anything
   */
  public @Nullable Admission onProof(Frame.Proof proof, TokenKey key) {
    Frame.Hello dialers = hello;
    if (dialers == null) {
      throw new IllegalStateException("a proof before a HELLO");
    }
    byte[] expected = Proofs.ofDialer(key, channelBinding, dialers, challenge);
    return Proofs.isEqual(expected, proof.mac())
        ? new Admission(key, channelBinding, dialers, challenge)
        : null;
  }

  /**
   * Proofs that are tied differently would never fit; to give in would be the weaker of the two.
   */
  static String differs(Frame.Binding listening, Frame.Binding dialing) {
    return "the side that listens ties tokens to "
        + named(listening)
        + ", the side that dials to "
        + named(dialing)
        + "; write binding=none on both sides or on neither";
  }

  private static String named(Frame.Binding binding) {
    return switch (binding) {
      case NONE -> "nothing but this greeting (binding=none)";
      case TLS_EXPORTER -> "the TLS connection";
    };
  }
}
