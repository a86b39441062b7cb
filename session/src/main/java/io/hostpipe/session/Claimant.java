package io.hostpipe.session;

import org.jspecify.annotations.Nullable;

/**
 * The dialer's part of the authentication of one link.
 *
 * <p>States: HELLO with its claim is out; challenged (the own proof is due); proof sent; the peer's
 * HELLO held back until its proof has come; proven. Before that nothing of the peer counts but its
 * refusal: whoever cannot prove the token gets no word about the stream, and has no say in it.
 */
final class Claimant {
  private final Credentials credentials;
  private Frame.@Nullable Hello hello;
  private Frame.@Nullable Challenge challenge;
  private Frame.@Nullable Hello answer;
  private byte[] channelBinding = {};
  private boolean proofDue;
  private boolean proofSent;
  private boolean proven;

  Claimant(Credentials credentials) {
    this.credentials = credentials;
  }

  /** The HELLO as it goes out. */
  Frame.Hello claiming(Frame.Hello plain) {
    Frame.Hello claiming = plain.withClaim(credentials.claim());
    hello = claiming;
    return claiming;
  }

  /** Whether the peer has still to prove itself. */
  boolean isPending() {
    return !proven;
  }

  boolean proofDue() {
    return proofDue;
  }

  /** The own proof, which is not asked for again. */
  Frame.Proof takeProof() {
    Frame.Hello own = hello;
    Frame.Challenge asked = challenge;
    if (!proofDue || own == null || asked == null) {
      throw new IllegalStateException("a proof before it was asked for");
    }
    proofDue = false;
    proofSent = true;
    channelBinding = credentials.channelBinding().get();
    return new Frame.Proof(Proofs.ofDialer(credentials.key(), channelBinding, own, asked));
  }

  /**
   * A frame came in.
   *
   * @return what of it counts now: the peer's HELLO once it is proved, its refusal at once
   */
  @Nullable Frame hear(Frame frame) throws ProtocolException {
    return switch (frame) {
      case Frame.Failure refusal -> refusal;
      case Frame.Challenge asked -> {
        onChallenge(asked);
        yield null;
      }
      case Frame.Hello peers -> {
        onAnswer(peers);
        yield null;
      }
      case Frame.Proof proof -> onProof(proof);
      case Frame.Data data -> {
        data.lease().release();
        throw unproven();
      }
      case Frame.Welcome _, Frame.Ack _, Frame.Reject _, Frame.AppliesAtEnd _ -> throw unproven();
      case Frame.Ping _, Frame.Pong _, Frame.Fin _, Frame.FinAck _ -> throw unproven();
      case Frame.Bye _, Frame.Abort _, Frame.GoAway _, Frame.Skipped _ -> throw unproven();
    };
  }

  private void onChallenge(Frame.Challenge asked) throws ProtocolException {
    if (hello == null || challenge != null) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "a challenge out of turn");
    }
    if (asked.binding() != credentials.binding()) {
      throw new ProtocolException(
          Code.UNAUTHENTICATED, Gate.differs(asked.binding(), credentials.binding()));
    }
    challenge = asked;
    proofDue = true;
  }

  private void onAnswer(Frame.Hello peers) throws ProtocolException {
    if (!proofSent) {
      throw new ProtocolException(
          Code.UNAUTHENTICATED,
          "the listener does not ask for a token, and so does not prove that it knows '"
              + credentials.token()
              + "': it is not the one that the token is for, or has no tokens=");
    }
    if (answer != null) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "a second HELLO on one link");
    }
    answer = peers;
  }

  private Frame.Hello onProof(Frame.Proof proof) throws ProtocolException {
    Frame.Hello own = hello;
    Frame.Challenge asked = challenge;
    Frame.Hello peers = answer;
    if (own == null || asked == null || peers == null) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, "a proof out of turn");
    }
    byte[] expected = Proofs.ofAcceptor(credentials.key(), channelBinding, own, asked, peers);
    if (!Proofs.isEqual(expected, proof.mac())) {
      throw new ProtocolException(
          Code.UNAUTHENTICATED,
          "the listener did not prove that it knows token '"
              + credentials.token()
              + "': it is not the one that the token is for, or somebody changed what was said");
    }
    proven = true;
    return peers;
  }

  private ProtocolException unproven() {
    return new ProtocolException(
        Code.UNAUTHENTICATED,
        "the peer spoke before it had proved that it knows token '" + credentials.token() + "'");
  }
}
