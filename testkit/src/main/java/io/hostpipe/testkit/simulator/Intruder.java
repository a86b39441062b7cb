package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Code;
import io.hostpipe.session.Credentials;
import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameAssembler;
import io.hostpipe.session.Gate;
import io.hostpipe.session.Lease;
import io.hostpipe.session.Memory;
import io.hostpipe.session.ProtocolException;
import io.hostpipe.session.Session;
import io.hostpipe.session.SessionFailure;
import io.hostpipe.session.TokenKey;
import io.hostpipe.session.Transmit;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Somebody who wants in without the token, or wants to be taken for who has it: he sees and changes
 * what passes, and knows everything but the secret. Whatever he tries, the process changes nothing
 * and a dialer believes nothing.
 *
 * <p>Where he shows what only the secret can make (a proof that is nearly right), it stands for
 * luck that he cannot have: a session that takes it would take what he can guess.
 */
final class Intruder {
  private static final TokenKey WRONG = Door.key("another secret");
  private static final int SEEN_MAX = 32;

  private final Simulation run;
  private final Dice dice;
  private final List<Seen> seen = new ArrayList<>();

  Intruder(Simulation run, Dice dice) {
    this.run = run;
    this.dice = dice;
  }

  /** An honest dialer said this, and it passed by here. */
  void saw(Frame.Hello hello, Frame.Proof proof) {
    if (seen.size() < SEEN_MAX) {
      seen.add(new Seen(hello, proof));
    }
  }

  /** Tries to get in at this process, or to be taken for it. */
  void strike(VirtualProcess process) {
    if (dice.percent(50)) {
      knock(process);
    } else {
      pretend(process);
    }
  }

  /** As a dialer. */
  private void knock(VirtualProcess process) {
    Gate gate = process.door().gate();
    Dialer dialer = new Dialer(process, Door.credentials(Door.KEY, process.door().nonce()));
    Frame.Hello hello = dialer.hello();
    String what;
    Frame.Proof proof;
    switch (dice.below(5)) {
      case 0 -> {
        what = "who claims no token";
        hello = withoutClaim(hello);
        proof = new Frame.Proof(new byte[TokenKey.MAC_BYTES]);
      }
      case 1 -> {
        what = "who has another secret";
        Dialer other = new Dialer(process, Door.credentials(WRONG, process.door().nonce()));
        hello = other.hello();
        proof = other.proof(gate.challenge());
      }
      case 2 -> {
        what = "who replays a proof";
        Seen old = seen.isEmpty() ? null : seen.get(dice.below(seen.size()));
        hello = old == null ? hello : old.hello;
        proof = old == null ? new Frame.Proof(new byte[TokenKey.MAC_BYTES]) : old.proof;
      }
      case 3 -> {
        what = "whose HELLO was changed on its way";
        hello = changed(hello);
        proof = dialer.proof(gate.challenge());
      }
      default -> {
        what = "whose proof is nearly right";
        proof = nearly(dialer.proof(gate.challenge()));
      }
    }
    long before = run.checks().fingerprint(process.session());
    SessionFailure refusal = Door.refusal(gate, hello, proof, process);
    if (refusal == null || refusal.code() != Code.UNAUTHENTICATED) {
      throw new Violation(process.name() + " lets in " + what);
    }
    if (before != run.checks().fingerprint(process.session())) {
      throw new Violation(process.name() + " was changed by one " + what);
    }
  }

  /** As a listener, before a dialer with the right token. */
  private void pretend(VirtualProcess process) {
    Credentials right = Door.credentials(Door.KEY, process.door().nonce());
    Dialer dialer = new Dialer(process, right);
    Frame.Hello claim = dialer.hello();
    Frame.Hello answer = withoutClaim(changed(claim));
    Frame.Challenge challenge =
        new Frame.Challenge(Frame.Binding.TLS_EXPORTER, process.door().nonce());
    String what;
    switch (dice.below(5)) {
      case 0 -> {
        what = "asks for no proof";
        dialer.hear(answer);
      }
      case 1 -> {
        what = "sends its own proof back";
        Frame.Proof own = dialer.proof(challenge);
        dialer.hear(answer);
        dialer.hear(own);
      }
      case 2 -> {
        what = "gives no proof";
        Frame.Proof _ = dialer.proof(challenge);
        dialer.hear(answer);
        dialer.hear(new Frame.Welcome(process.instance(), 1, 0, 0L, 1_000, null, 0));
      }
      case 3 -> {
        what = "slips something in before its proof";
        dialer.hear(dice.percent(50) ? new Frame.Skipped(200) : new Frame.Ping(1));
      }
      default -> {
        what = "ties its token to nothing";
        dialer.hear(new Frame.Challenge(Frame.Binding.NONE, process.door().nonce()));
      }
    }
    SessionFailure failure = dialer.session.failure();
    if (failure == null || failure.code() != Code.UNAUTHENTICATED || dialer.session.isGreeted()) {
      throw new Violation(process.name() + " would believe a listener that " + what);
    }
  }

  private Frame.Proof nearly(Frame.Proof right) {
    byte[] mac = right.mac().clone();
    mac[dice.below(mac.length)] ^= 1;
    return new Frame.Proof(mac);
  }

  private static Frame.Hello withoutClaim(Frame.Hello hello) {
    return copy(hello, hello.next(), null);
  }

  private static Frame.Hello changed(Frame.Hello hello) {
    return copy(hello, hello.next() + 1, hello.claim());
  }

  private static Frame.Hello copy(Frame.Hello hello, long next, Frame.@Nullable Claim claim) {
    return new Frame.Hello(
        hello.versionMin(),
        hello.versionMax(),
        hello.sends(),
        hello.receives(),
        hello.ackLevel(),
        hello.encoding(),
        hello.instance(),
        hello.connection(),
        hello.name(),
        hello.stream(),
        hello.positioned(),
        hello.heldFrom(),
        next,
        hello.epoch(),
        hello.keepsLink(),
        hello.takesOver(),
        claim,
        hello.otherFlags());
  }

  private record Seen(Frame.Hello hello, Frame.Proof proof) {}

  /** A session that dials, and what it says. */
  private static final class Dialer {
    final Session session;
    private final VirtualProcess process;
    private final Transmit transmit = new Transmit();
    private final FrameAssembler ear =
        new FrameAssembler(
            lengthBytes -> new Memory.Piece(ByteBuffer.allocate(lengthBytes), Lease.UNPOOLED));

    Dialer(VirtualProcess process, Credentials credentials) {
      this.process = process;
      this.session = new Session(Settings.ofIntruder(process));
      session.onDial(1, credentials, process.now());
    }

    Frame.Hello hello() {
      return (Frame.Hello) said();
    }

    Frame.Proof proof(Frame.Challenge challenge) {
      hear(challenge);
      return (Frame.Proof) said();
    }

    void hear(Frame frame) {
      session.onFrame(1, frame, process.now());
    }

    private Frame said() {
      session.poll(transmit, process.now());
      try {
        for (int index = 0; index < transmit.bufferCount(); index++) {
          ear.targets()[0].put(transmit.buffers()[index]);
        }
        transmit.clear();
        Frame frame = ear.poll();
        if (frame == null || ear.poll() != null) {
          throw new Violation("a dialer does not say one thing at a time");
        }
        return frame;
      } catch (ProtocolException e) {
        throw new Violation("a dialer says what is no frame: " + e.getMessage());
      }
    }
  }
}
