package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Admission;
import io.hostpipe.session.Code;
import io.hostpipe.session.Credentials;
import io.hostpipe.session.Frame;
import io.hostpipe.session.Gate;
import io.hostpipe.session.SessionFailure;
import io.hostpipe.session.TokenKey;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * How a process proves its token, and lets others prove theirs, where the scenario has tokens. Both
 * hosts have the same one, unless one of them is an outsider by mistake; who knocks on purpose is
 * the {@link Intruder}'s business.
 */
final class Door {
  static final String TOKEN = "ops";
  static final TokenKey KEY = key("the secret of a run");

  private static final byte[] CHANNEL = "one carrier".getBytes(StandardCharsets.US_ASCII);

  private static final TokenKey ANOTHER = key("the secret of another pipe");

  private final VirtualProcess process;
  private final boolean asks;
  private final TokenKey key;
  private long nonceCount;

  Door(VirtualProcess process) {
    this.process = process;
    Scenario scenario = process.run().scenario();
    boolean outside = scenario.outsider == process.side();
    this.asks = scenario.tokens && (!outside || scenario.outsiderHasAnother);
    this.key = outside ? ANOTHER : KEY;
  }

  /** HMAC-SHA256 under this secret. */
  static TokenKey key(String secret) {
    SecretKeySpec key = new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256");
    return message -> {
      try {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(key);
        return mac.doFinal(message);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    };
  }

  /** What to dial with. */
  @Nullable Credentials credentials() {
    return asks ? credentials(key, nonce()) : null;
  }

  static Credentials credentials(TokenKey key, Frame.Id nonce) {
    return new Credentials(TOKEN, key, Frame.Binding.TLS_EXPORTER, () -> CHANNEL, nonce);
  }

  /** Nobody else has had it, in this run. */
  Frame.Id nonce() {
    return new Frame.Id(
        process.instance().high(), Trace.mix(process.instance().low() + ++nonceCount));
  }

  /** What stands before all sessions, for one link. */
  Gate gate() {
    return new Gate(Frame.Binding.TLS_EXPORTER, CHANNEL, nonce());
  }

  /** A frame came over an accepted link that is nobody's yet. */
  Heard hear(LinkEnd end, Frame frame, Outlet outlet) {
    if (!asks) {
      return frame instanceof Frame.Hello hello
          ? new Heard(hello, null, false, null)
          : Heard.NOTHING;
    }
    Gate asking = end.gate;
    Frame.Hello claimed = end.claimed;
    if (asking != null && claimed != null && frame instanceof Frame.Proof proof) {
      end.gate = null;
      Admission admission = asking.onProof(proof, key);
      if (admission == null) {
        return refused(new SessionFailure(Code.UNAUTHENTICATED, "no such token", false));
      }
      process.run().intruder().saw(claimed, proof);
      return new Heard(claimed, admission, false, null);
    }
    if (asking != null || !(frame instanceof Frame.Hello hello)) {
      return Heard.NOTHING;
    }
    Gate gate = gate();
    SessionFailure refusal = gate.onHello(hello);
    if (refusal != null) {
      return refused(refusal);
    }
    end.gate = gate;
    end.claimed = hello;
    outlet.say(end, gate.challenge());
    return Heard.ASKED;
  }

  private Heard refused(SessionFailure why) {
    if (!process.run().scenario().isShut()) {
      throw new Violation(process.name() + " refuses who has its token: " + why.reason());
    }
    return new Heard(null, null, false, why);
  }

  /** What somebody is answered whom the gate does not let through; null when it does. */
  static @Nullable SessionFailure refusal(
      Gate gate, Frame.Hello hello, Frame.Proof proof, VirtualProcess process) {
    SessionFailure refusal = gate.onHello(hello);
    if (refusal != null) {
      return refusal;
    }
    Admission admission = gate.onProof(proof, KEY);
    return admission == null
        ? new SessionFailure(Code.UNAUTHENTICATED, "no proof", false)
        : process.session().onAccept(hello, admission, process.now());
  }

  /**
   * What became of it.
   *
   * @param hello what may go to a session
   * @param admission what it goes there with
   * @param asked whether more is expected of the link
   * @param refusal what to answer before the link is closed
   */
  record Heard(
      Frame.@Nullable Hello hello,
      @Nullable Admission admission,
      boolean asked,
      @Nullable SessionFailure refusal) {
    static final Heard NOTHING = new Heard(null, null, false, null);
    static final Heard ASKED = new Heard(null, null, true, null);
  }
}
