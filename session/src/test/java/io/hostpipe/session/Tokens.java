package io.hostpipe.session;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.function.UnaryOperator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** What the two sides of a {@link Pair} know and do about tokens, and who sits between them. */
final class Tokens {
  static final String NAME = "ops";

  @Nullable TokenKey dialers;
  @Nullable TokenKey acceptors;
  Frame.Binding dialersBinding = Frame.Binding.TLS_EXPORTER;
  Frame.Binding acceptorsBinding = Frame.Binding.TLS_EXPORTER;
  byte[] dialersChannel = {1, 2, 3};
  byte[] acceptorsChannel = {1, 2, 3};

  /** What somebody on the way makes of a frame. */
  UnaryOperator<Frame> onTheWay = frame -> frame;

  private @Nullable Gate gate;
  private Frame.@Nullable Hello waiting;

  /** HMAC-SHA256 under this secret. */
  static TokenKey key(String secret) {
    return message -> {
      try {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        return mac.doFinal(message);
      } catch (GeneralSecurityException e) {
        throw new AssertionError(e);
      }
    };
  }

  @Nullable Credentials credentials(long connection) {
    gate = null;
    TokenKey key = dialers;
    return key == null
        ? null
        : new Credentials(
            NAME, key, dialersBinding, () -> dialersChannel, new Frame.Id(connection, 0xD1A1));
  }

  /** What an acceptor without a session makes of a frame. */
  Heard hear(Frame frame, long connection) {
    TokenKey key = acceptors;
    Gate asked = gate;
    if (key == null) {
      return new Heard((Frame.Hello) frame, null, null, null);
    }
    if (frame instanceof Frame.Hello hello) {
      Gate asking = new Gate(acceptorsBinding, acceptorsChannel, new Frame.Id(connection, 0xACCE));
      SessionFailure refusal = asking.onHello(hello);
      gate = asking;
      waiting = hello;
      return new Heard(null, null, refusal, asking.challenge());
    }
    Admission admission =
        frame instanceof Frame.Proof proof && asked != null ? asked.onProof(proof, key) : null;
    return admission == null
        ? new Heard(null, null, new SessionFailure(Code.UNAUTHENTICATED, "no proof", false), null)
        : new Heard(waiting, admission, null, null);
  }

  /** One of three: a HELLO for the session, a refusal, or what to ask. */
  record Heard(
      Frame.@Nullable Hello hello,
      @Nullable Admission admission,
      @Nullable SessionFailure refusal,
      Frame.@Nullable Challenge challenge) {}
}
