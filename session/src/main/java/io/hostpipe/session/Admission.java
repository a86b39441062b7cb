package io.hostpipe.session;

/**
 * A dialer's token was proved on this link: its HELLO may go to a session, which answers with the
 * own proof. Made by {@link Gate} alone.
 */
public final class Admission {
  private final TokenKey key;
  private final byte[] channelBinding;
  private final Frame.Hello hello;
  private final Frame.Challenge challenge;

  Admission(TokenKey key, byte[] channelBinding, Frame.Hello hello, Frame.Challenge challenge) {
    this.key = key;
    this.channelBinding = channelBinding;
    this.hello = hello;
    this.challenge = challenge;
  }

  /** Whether this HELLO is the one that came through. */
  boolean isOf(Frame.Hello dialers) {
    return hello.equals(dialers);
  }

  /** This side's proof, which follows its HELLO. */
  Frame.Proof prove(Frame.Hello answer) {
    return new Frame.Proof(Proofs.ofAcceptor(key, channelBinding, hello, challenge, answer));
  }
}
