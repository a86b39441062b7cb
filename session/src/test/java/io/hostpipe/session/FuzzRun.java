package io.hostpipe.session;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Spoilt frames into assembler, codec, gate and session: a frame, a {@link ProtocolException}, a
 * refusal or a failed session comes of each, never anything else.
 *
 * <p>Each run of one session has a seed, which is named when it breaks something; {@code
 * scripts/fuzz} takes as many as one likes.
 */
final class FuzzRun {
  private static final int FRAMES_A_SESSION_MAX = 200;
  private static final int WRITES_MAX = 100;
  private static final long TOLD_EACH = 1_000_000;

  private final FrameMutator mutator;
  private final SplittableRandom random;
  private final Tally tally;
  private ProtocolException garbage = new ProtocolException(Code.ABORTED, "none yet");

  private FuzzRun(long seed, Tally tally) {
    this.random = new SplittableRandom(seed);
    this.mutator = new FrameMutator(random);
    this.tally = tally;
  }

  /** What many inputs came to. */
  static final class Tally {
    long inputs;
    long passed;
    long noFrames;
    long sessions;
    long refused;

    double passedShare() {
      return (double) passed / inputs;
    }

    @Override
    public String toString() {
      return String.format(
          "%d inputs to %d sessions, %.1f %% passed checksum and greeting, %d were no frames,"
              + " %d sessions were refused",
          inputs, sessions, 100 * passedShare(), noFrames, refused);
    }
  }

  /** At least so many inputs, of sessions with the seeds from this one on. */
  static Tally many(long count, long firstSeed) {
    Tally tally = new Tally();
    long seed = firstSeed;
    long told = 0;
    while (tally.inputs < count) {
      one(seed++, tally);
      if (tally.inputs - told >= TOLD_EACH) {
        told = tally.inputs;
        System.err.println(tally);
      }
    }
    return tally;
  }

  private static void one(long seed, Tally tally) {
    try {
      FuzzRun run = new FuzzRun(seed, tally);
      tally.sessions++;
      switch (run.random.nextInt(8)) {
        case 0 -> run.fuzzGate();
        case 1 -> run.fuzzDialer();
        default -> run.fuzzOpenSession();
      }
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("the session of seed " + seed + " broke", e);
    }
  }

  /** Who dials says anything before it has proved anything. */
  private void fuzzGate() {
    Side side = new Side("unused", 0xB);
    side.sends = false;
    FrameAssembler ear = new FrameAssembler(side.memory);
    Gate gate = new Gate(Frame.Binding.TLS_EXPORTER, new byte[] {1}, Frames.BOB);
    boolean claimed = false;
    for (int count = 0; count < 6; count++) {
      ByteBuffer bytes = random.nextInt(3) > 0 ? mutator.nextHello() : mutator.next(0);
      tally.inputs++;
      List<Frame> frames = read(bytes, ear);
      if (frames == null) {
        break;
      }
      for (Frame frame : frames) {
        tally.passed++;
        if (frame instanceof Frame.Hello hello) {
          claimed |= gate.onHello(hello) == null;
          require(
              hello.claim() == null || side.session().onAccept(hello, null, 0) != null,
              "a claim got in without a proof");
        } else if (frame instanceof Frame.Proof proof && claimed) {
          require(gate.onProof(proof, Tokens.key("secret")) == null, "any proof fits");
        } else if (frame instanceof Frame.Data data) {
          data.lease().release();
        }
      }
    }
    require(!side.session().isOpen() || side.session().failure() != null, "it is open");
    ear.close();
    side.session().close();
    tally.refused++;
    require(side.memory.outCount() == 0, "memory is left");
    side.recycle();
  }

  /** Who listens answers anything before the greeting is over, with tokens or without. */
  private void fuzzDialer() {
    Side side = new Side("stream-1", 0xA);
    side.receives = false;
    boolean claims = random.nextBoolean();
    Tokens tokens = new Tokens();
    tokens.dialers = claims ? Tokens.key("secret") : null;
    side.session().onDial(1, tokens.credentials(1), 0);
    live(side, 0);
    FrameAssembler ear = new FrameAssembler(side.memory);
    if (claims && random.nextBoolean()) {
      side.session().onFrame(1, new Frame.Challenge(Frame.Binding.TLS_EXPORTER, Frames.BOB), 0);
      live(side, 0);
    }
    for (int count = 0; count < 10 && side.session().failure() == null; count++) {
      ByteBuffer bytes = random.nextInt(3) == 0 ? mutator.nextHello() : mutator.next(0);
      if (!hear(side, ear, bytes, 0)) {
        break;
      }
      live(side, 0);
    }
    require(!claims || !side.session().isGreeted(), "a listener was believed that proved nothing");
    end(side, ear, 0);
    side.recycle();
  }

  private void fuzzOpenSession() {
    Pair pair = random.nextBoolean() ? Pair.duplex() : Pair.oneWay();
    if (random.nextBoolean()) {
      pair = pair.swapped();
    }
    if (random.nextInt(4) == 0) {
      pair.tokens.dialers = Tokens.key("secret");
      pair.tokens.acceptors = pair.tokens.dialers;
    }
    pair.connect();
    Side target = random.nextBoolean() ? pair.dialer : pair.acceptor;
    if (target.sends) {
      target.send("something to acknowledge");
      if (random.nextBoolean()) {
        target.session().finish();
      }
    }
    pair.settle();
    FrameAssembler ear = new FrameAssembler(target.memory);
    ear.allowData();
    long now = pair.now;
    for (int count = 0; count < FRAMES_A_SESSION_MAX && target.session().isOpen(); count++) {
      ByteBuffer bytes = mutator.next(target.session().incoming().received());
      if (!hear(target, ear, bytes, now)) {
        break;
      }
      now += random.nextLong(Side.HEARTBEAT);
      live(target, now);
    }
    end(target, ear, now);
    pair.dialer.recycle();
    pair.acceptor.recycle();
  }

  private void end(Side target, FrameAssembler ear, long now) {
    tally.refused += target.session().failure() == null ? 0 : 1;
    ear.close();
    target.take(now);
    target.session().onLinkDown(target.session().connection(), now);
    target.session().close();
    require(target.memory.outCount() == 0, "memory is left");
  }

  /** Whether the link is still of use. */
  private boolean hear(Side target, FrameAssembler ear, ByteBuffer bytes, long now) {
    tally.inputs++;
    long takenBefore = target.memory.takenBytes();
    List<Frame> frames = read(bytes, ear);
    if (frames == null) {
      target.session().onGarbage(target.session().connection(), garbage);
      return false;
    }
    for (Frame frame : frames) {
      tally.passed += target.session().linkIsToClose() ? 0 : 1;
      target.session().onFrame(target.session().connection(), frame, now);
    }
    require(
        target.memory.takenBytes() - takenBefore <= FrameCodec.FRAME_BYTES_MAX, "too much memory");
    return !target.session().linkIsToClose();
  }

  /** The frames in these bytes; null when they are none. */
  private @Nullable List<Frame> read(ByteBuffer bytes, FrameAssembler ear) {
    List<Frame> frames = new ArrayList<>();
    // Ends that speak no protocol ask this of whatever a connection begins with.
    boolean _ = FrameCodec.beginsSession(bytes.duplicate());
    try {
      while (bytes.hasRemaining()) {
        for (ByteBuffer part : ear.targets()) {
          int count = Math.min(bytes.remaining(), part.remaining());
          part.put(bytes.slice(bytes.position(), count));
          bytes.position(bytes.position() + count);
        }
        for (Frame next = ear.poll(); next != null; next = ear.poll()) {
          frames.add(next);
        }
      }
      return frames;
    } catch (ProtocolException e) {
      tally.noFrames++;
      garbage = e;
      for (Frame frame : frames) {
        if (frame instanceof Frame.Data data) {
          data.lease().release();
        }
      }
      return null;
    }
  }

  private void live(Side target, long now) {
    Session session = target.session();
    session.onTime(now);
    if (target.receives && random.nextBoolean()) {
      target.apply(now);
    }
    for (int round = 0; session.wantsToSend(now); round++) {
      require(session.poll(target.transmit, now), "it wanted to send, and had nothing to say");
      require(round < WRITES_MAX, "it writes without end");
      target.transmit.clear();
    }
    session.deadlineNanos();
    target.rejects();
  }

  private static void require(boolean holds, String broken) {
    if (!holds) {
      throw new IllegalStateException(broken);
    }
  }
}
