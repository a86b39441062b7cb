package io.hostpipe.runtime;

import io.hostpipe.AckLevel;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.runtime.access.Access;
import io.hostpipe.runtime.access.DialToken;
import io.hostpipe.runtime.access.Token;
import io.hostpipe.session.Credentials;
import io.hostpipe.session.CreditBudget;
import io.hostpipe.session.DigestFunction;
import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameCodec;
import io.hostpipe.session.Session;
import io.hostpipe.session.SessionConfig;
import io.hostpipe.spi.Carriers;
import io.hostpipe.spi.PipeContext;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes pipes that speak the session protocol over any carrier. */
public final class Sessions {
  /** Where every window begins. */
  private static final long WINDOW_BYTES_MIN = 64 << 10;

  /** How long an acknowledgement waits for company: data of its own, or more to acknowledge. */
  private static final long ACK_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private static final SecureRandom RANDOM = new SecureRandom();

  private static final DigestFunction DIGEST = new StreamDigest();

  private Sessions() {}

  /** The session's digest is the {@link Digest} of the library. */
  private static final class StreamDigest implements DigestFunction {
    @Override
    public long extend(long digest, ByteBuffer bytes) {
      return Digest.fromLong(digest).extend(bytes).toLong();
    }

    @Override
    public long extend(long digest, ByteBuffer bytes, int crc32c) {
      return Digest.fromLong(digest).extend(bytes, crc32c).toLong();
    }
  }

  /**
   * A pipe that dials; returns at once.
   *
   * @param name of the pipe: the path of the address
   * @param where the address for messages, without secrets
   */
  public static Pipe connect(
      String name, String where, Dialer dialer, PipeContext context, SessionOptions options)
      throws PipeException {
    checkName(name, where);
    Carriers carriers = context.carriers();
    if (carriers != null && carriers.session() instanceof Dialed first) {
      checkJoins(name, first.name, where);
      checkJoins(options.access(), first.access, where);
      first.loop.alsoDial(dialer, options.access());
      return first.pipe;
    }
    boolean keepsLinks = options.poolMax() > 0 && dialer.peerKey() != null;
    SessionPipe pipe =
        pipe(name, where, context, options, keepsLinks, Held.all(context), Budget.SHARED);
    DialLoop loop = new DialLoop(pipe, dialer);
    Pipe held = HeldPipe.of(pipe);
    if (carriers != null) {
      carriers.began(new Dialed(name, options.access(), loop, held));
    }
    loop.start();
    return held;
  }

  static SessionPipe pipe(
      String name,
      String where,
      PipeContext context,
      SessionOptions options,
      boolean keepsLinks,
      Map<String, SessionConfig.InboundStart> held,
      CreditBudget budget) {
    StreamId stream = context.stream();
    SessionConfig config =
        new SessionConfig(
            name,
            stream == null ? randomId().toString() : stream.value(),
            context.sends(),
            context.receives(),
            ackLevel(context.ack()),
            context.encoding() == Encoding.RAW ? "raw" : "records",
            randomId(),
            randomId(),
            held,
            context.kept().stream().map(Sessions::ackLevel).collect(Collectors.toSet()),
            context.spooled(),
            context.takesOver(),
            options.heartbeat().toNanos(),
            options.handshake().toNanos(),
            ACK_DELAY_NANOS,
            options.linger().toNanos(),
            firstWindowBytes(options),
            options.windowBytes(),
            keepsLinks,
            DIGEST,
            budget);
    return new SessionPipe(new Session(config), context, options, where);
  }

  /** All addresses of a pipe have to lead to one: a session has one name on every carrier. */
  static void checkJoins(String name, String first, String where) throws PipeException {
    if (!name.equals(first)) {
      throw new PipeException.Config(
          where + ": it names the pipe '" + name + "', and the first address '" + first + "'");
    }
  }

  /**
   * What protects the first address protects all of them, and who is proved there is proved
   * everywhere: a stream belongs to the token that made it.
   */
  private static void checkJoins(Access access, Access first, String where) throws PipeException {
    if (access.encrypted() != first.encrypted()) {
      throw new PipeException.Config(
          where
              + ": one of it and the first address is encrypted and the other is not; whoever breaks"
              + " the first could read the second");
    }
    String token = tokenName(access);
    String firstToken = tokenName(first);
    if (!token.equals(firstToken)) {
      throw new PipeException.Config(
          where
              + ": "
              + (token.isEmpty() ? "it has no token" : "its token is '" + token + "'")
              + ", and the first address "
              + (firstToken.isEmpty() ? "has none" : "has token '" + firstToken + "'")
              + "; a stream belongs to one token, so say the same token= for all its addresses");
    }
  }

  private static String tokenName(Access access) {
    DialToken token = access.token();
    return token == null ? "" : token.current().name();
  }

  /** A pipe that dials, for the next of its addresses. */
  private record Dialed(String name, Access access, DialLoop loop, Pipe pipe) {}

  /** What a pipe may receive before anything is known of it. */
  static long firstWindowBytes(SessionOptions options) {
    return Math.min(WINDOW_BYTES_MIN, options.windowBytes());
  }

  /** What a dialer proves itself with on this link; null for nothing. */
  static @Nullable Credentials credentials(Link link, Access access) {
    DialToken token = access.token();
    if (token == null) {
      return null;
    }
    Token current = token.current();
    boolean tied = access.tied();
    return new Credentials(
        current.name(),
        current.key(),
        tied ? Frame.Binding.TLS_EXPORTER : Frame.Binding.NONE,
        () -> tied ? channelBinding(link) : new byte[0],
        randomId());
  }

  private static byte[] channelBinding(Link link) {
    byte[] channel = link.channelBinding();
    if (channel == null) {
      throw new IllegalStateException("nothing ties proofs to the link to " + link.peer());
    }
    return channel;
  }

  /** A name that is cut on its way would be another pipe's. */
  static void checkName(String name, String where) throws PipeException {
    int lengthBytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (lengthBytes > FrameCodec.NAME_BYTES_MAX) {
      throw new PipeException.Config(
          where
              + ": the name of a pipe has at most "
              + FrameCodec.NAME_BYTES_MAX
              + " bytes, this one "
              + lengthBytes);
    }
    if (name.chars().anyMatch(Character::isISOControl)) {
      throw new PipeException.Config("the name of a pipe has no control characters");
    }
  }

  /** 128 random bits. */
  static Frame.Id randomId() {
    return new Frame.Id(RANDOM.nextLong(), RANDOM.nextLong());
  }

  private static Frame.AckLevel ackLevel(AckLevel level) {
    return switch (level) {
      case RECEIVED -> Frame.AckLevel.RECEIVED;
      case DURABLE -> Frame.AckLevel.DURABLE;
      case APPLIED -> Frame.AckLevel.APPLIED;
    };
  }
}
