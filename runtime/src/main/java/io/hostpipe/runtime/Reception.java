package io.hostpipe.runtime;

import io.hostpipe.runtime.access.Access;
import io.hostpipe.runtime.access.Principal;
import io.hostpipe.runtime.access.Token;
import io.hostpipe.runtime.access.TokenFile;
import io.hostpipe.session.Admission;
import io.hostpipe.session.Code;
import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameAssembler;
import io.hostpipe.session.Gate;
import io.hostpipe.session.ProtocolException;
import io.hostpipe.session.SessionFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The greeting of one link that came in, up to the point where its peer may ask for a pipe: HELLO,
 * and where the listener has tokens, the proof of one. Nothing of any pipe is looked at before.
 *
 * <p>Thread rule: one thread; {@link #late} from any.
 */
final class Reception {
  private static final byte[] UNTIED = {};

  private final Link link;
  private final FrameAssembler assembler;
  private final Access access;
  private final boolean first;
  private final StrangerLog log;

  /** The time it has, for people: when it is over there may be no descriptor to load a class by. */
  private final String limit;

  private volatile boolean heardHello;

  /**
   * A greeting that has not begun.
   *
   * @param first whether the link is new; else it has carried another pipe
   * @param limit the time it has
   */
  Reception(
      Link link,
      FrameAssembler assembler,
      Access access,
      boolean first,
      Duration limit,
      StrangerLog log) {
    this.link = link;
    this.assembler = assembler;
    this.access = access;
    this.first = first;
    this.limit = Failures.shown(limit);
    this.log = log;
  }

  /** What has not come in time, for people. */
  String late() {
    return (heardHello ? "no proof of its token within " : "no HELLO within ") + limit;
  }

  /** Whether it said HELLO, and has to prove a token. */
  boolean heardHello() {
    return heardHello;
  }

  /** Who came: for a pipe, or to hear the refusal. */
  record Arrival(
      Frame.Hello hello,
      @Nullable Admission admission,
      Principal principal,
      @Nullable SessionFailure refusal) {}

  /**
   * Greets. Blocks.
   *
   * @throws ProtocolException when the peer breaks the protocol, or speaks another one
   */
  Arrival receive() throws IOException, ProtocolException {
    Frame.Hello hello = readHello();
    Principal admitted = link.admitted();
    if (admitted != null) {
      return new Arrival(hello, null, admitted, null);
    }
    TokenFile tokens = access.tokens();
    String certified = link.principal();
    Principal carriers =
        certified == null
            ? Principal.ofHost(hostOf(link), access.limits().quota())
            : Principal.ofCertificate(certified, access.limits().quota());
    if (tokens == null) {
      return new Arrival(hello, null, carriers, null);
    }
    heardHello = true;
    return askForToken(hello, tokens, carriers);
  }

  /** The host of the peer; all of its name where there is no port in it. */
  static String hostOf(Link link) {
    return hostOf(link.peer());
  }

  /** The same of its name. */
  static String hostOf(String peer) {
    int port = peer.lastIndexOf(':');
    return port < 0 ? peer : peer.substring(0, port);
  }

  private Arrival askForToken(Frame.Hello hello, TokenFile tokens, Principal nobody)
      throws IOException, ProtocolException {
    Gate gate = gate();
    SessionFailure refusal = gate.onHello(hello);
    Frame.Claim claim = hello.claim();
    if (refusal != null || claim == null) {
      return new Arrival(hello, null, nobody, refusal);
    }
    SessionPort.say(link, gate.challenge());
    Frame.Proof proof = readProof();
    Token token = tokens.find(claim.token(), log::say);
    Admission admission = gate.onProof(proof, token == null ? tokens.nobodys() : token.key());
    Instant now = Instant.now(Clock.systemUTC());
    if (token != null && admission != null && !token.isExpired(now)) {
      Principal principal = Principal.of(token, access.limits().quota());
      return new Arrival(hello, admission, principal, null);
    }
    String why =
        token == null
            ? "there is none of that name in " + tokens
            : admission == null ? "the proof is wrong: another secret" : "its time is over";
    log.refused(link, "token '" + claim.token() + "': " + why);
    // One answer to all: who guesses does not learn which names there are.
    return new Arrival(
        hello,
        null,
        nobody,
        new SessionFailure(
            Code.UNAUTHENTICATED,
            "token '"
                + claim.token()
                + "' was refused: it is unknown there, or expired, or has another secret; the"
                + " listener's log says which",
            false));
  }

  private Gate gate() throws IOException {
    if (!access.tied()) {
      return new Gate(Frame.Binding.NONE, UNTIED, Sessions.randomId());
    }
    byte[] channel = link.channelBinding();
    if (channel == null) {
      throw new IOException("nothing ties proofs to this link");
    }
    return new Gate(Frame.Binding.TLS_EXPORTER, channel, Sessions.randomId());
  }

  private Frame.Hello readHello() throws IOException, ProtocolException {
    ByteBuffer begin = assembler.targets()[0];
    while (true) {
      Frame frame;
      try {
        frame = assembler.poll();
      } catch (ProtocolException e) {
        throw first ? Strangers.whoDialed(link, begin, e) : e;
      }
      if (frame == null) {
        read();
      } else if (frame instanceof Frame.Hello hello) {
        // Also makes room: whoever reads next expects that all whole frames were taken.
        refuseFrame(assembler.poll(), "the peer did not wait for the answer to its HELLO");
        return hello;
      } else if (frame instanceof Frame.Ping(long nonce) && !first) {
        SessionPort.say(link, new Frame.Pong(nonce));
      } else {
        refuseFrame(frame, "the peer does not begin with HELLO; is it a Hostpipe?");
      }
    }
  }

  private Frame.Proof readProof() throws IOException, ProtocolException {
    while (true) {
      Frame frame = assembler.poll();
      if (frame == null) {
        read();
      } else if (frame instanceof Frame.Proof proof) {
        refuseFrame(assembler.poll(), "the peer did not wait for the answer to its proof");
        return proof;
      } else if (frame instanceof Frame.Failure failure) {
        throw new ProtocolException(failure.code(), "the peer left: " + failure.reason());
      } else {
        refuseFrame(frame, "the peer was asked for proof of its token, and spoke of other things");
      }
    }
  }

  private void read() throws IOException {
    if (link.read(assembler.targets()) < 0) {
      throw new IOException("closed in its greeting");
    }
  }

  private static void refuseFrame(@Nullable Frame frame, String why) throws ProtocolException {
    if (frame instanceof Frame.Data data) {
      data.lease().release();
    }
    if (frame != null) {
      throw new ProtocolException(Code.INVALID_ARGUMENT, why);
    }
  }
}
