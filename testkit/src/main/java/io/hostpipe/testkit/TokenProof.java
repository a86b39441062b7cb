package io.hostpipe.testkit;

import io.hostpipe.session.Frame;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Proofs of tokens, made after docs/PROTOCOL.md and not after the code: what raw peers and
 * attackers show. Where nothing is said of the link, bound to nothing but the greeting.
 */
public final class TokenProof {
  private static final byte[] UNTIED = {};

  private TokenProof() {}

  /** What a dialer shows that knows this secret. */
  public static Frame.Proof ofDialer(String secret, Frame.Hello hello, Frame.Challenge challenge) {
    return ofDialer(secret, UNTIED, hello, challenge);
  }

  /** The same on a link that this value of its carrier tells from all others. */
  public static Frame.Proof ofDialer(
      String secret, byte[] channelBinding, Frame.Hello hello, Frame.Challenge challenge) {
    return new Frame.Proof(mac(secret, "dialer", channelBinding, hello, challenge));
  }

  /** What an acceptor shows that knows this secret. */
  public static Frame.Proof ofAcceptor(
      String secret, Frame.Hello hello, Frame.Challenge challenge, Frame.Hello answer) {
    return ofAcceptor(secret, UNTIED, hello, challenge, answer);
  }

  /** The same on a link that this value of its carrier tells from all others. */
  public static Frame.Proof ofAcceptor(
      String secret,
      byte[] channelBinding,
      Frame.Hello hello,
      Frame.Challenge challenge,
      Frame.Hello answer) {
    return new Frame.Proof(mac(secret, "acceptor", channelBinding, hello, challenge, answer));
  }

  /** A HELLO that claims this token. */
  public static Frame.Hello claiming(Frame.Hello hello, String token, long nonce) {
    return claiming(hello, token, nonce, Frame.Binding.NONE);
  }

  /** The same, to be proved in this way. */
  public static Frame.Hello claiming(
      Frame.Hello hello, String token, long nonce, Frame.Binding binding) {
    return hello.withClaim(new Frame.Claim(binding, new Frame.Id(nonce, ~nonce), token));
  }

  private static byte[] mac(String secret, String role, byte[] channelBinding, Frame... said) {
    ByteArrayOutputStream transcript = new ByteArrayOutputStream();
    put(transcript, "hostpipe token proof 1".getBytes(StandardCharsets.US_ASCII));
    put(transcript, role.getBytes(StandardCharsets.US_ASCII));
    put(transcript, channelBinding);
    for (Frame frame : said) {
      ByteBuffer bytes = RawPeer.encode(frame);
      byte[] part = new byte[bytes.remaining()];
      bytes.get(part);
      put(transcript, part);
    }
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return mac.doFinal(transcript.toByteArray());
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static void put(ByteArrayOutputStream transcript, byte[] part) {
    transcript.write(part.length >>> 8);
    transcript.write(part.length);
    transcript.writeBytes(part);
  }
}
