package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Spoilt frames into assembler, codec and session: a frame, a {@link ProtocolException} or a failed
 * session comes of each, never anything else. {@code -Dhostpipe.fuzz.count} says how many.
 */
final class SessionFuzzTest {
  private static final int COUNT = Integer.getInteger("hostpipe.fuzz.count", 40_000);
  private static final long SEED = Long.getLong("hostpipe.fuzz.seed", 1);
  private static final int FRAMES_A_SESSION_MAX = 200;
  private static final double PASSED_LEAST = 0.3;

  private final SplittableRandom random = new SplittableRandom(SEED);
  private final FrameMutator mutator = new FrameMutator(random);
  private int inputCount;
  private int passedCount;
  private int refusedCount;

  @Test
  void nothingThatAPeerSaysBreaksASession() {
    while (inputCount < COUNT) {
      long seed = random.nextLong();
      SplittableRandom own = new SplittableRandom(seed);
      try {
        runSession(own);
      } catch (RuntimeException e) {
        throw new AssertionError("after " + inputCount + " inputs of seed " + SEED, e);
      }
    }
    System.out.printf(
        "%d inputs, %d reached an open session, %d were no frames%n",
        inputCount, passedCount, refusedCount);
    assertThat((double) passedCount / inputCount).isGreaterThanOrEqualTo(PASSED_LEAST);
    assertThat(refusedCount).isPositive();
  }

  private void runSession(SplittableRandom own) {
    Pair pair = own.nextBoolean() ? Pair.duplex() : Pair.oneWay();
    if (own.nextBoolean()) {
      pair = pair.swapped();
    }
    pair.connect();
    Side target = own.nextBoolean() ? pair.dialer : pair.acceptor;
    if (target.sends) {
      target.send("something to acknowledge");
      if (own.nextBoolean()) {
        target.session().finish();
      }
    }
    pair.settle();
    FrameAssembler ear = new FrameAssembler(target.memory);
    ear.allowData();
    long now = pair.now;
    for (int i = 0; i < FRAMES_A_SESSION_MAX && target.session().isOpen(); i++) {
      if (!hear(target, ear, now)) {
        break;
      }
      now += own.nextLong(Side.HEARTBEAT);
      live(target, now, own);
    }
    ear.close();
    target.take(now);
    target.session().onLinkDown(target.session().connection(), now);
    target.session().close();
    assertThat(target.memory.outCount()).isZero();
  }

  /** Whether the link is still of use. */
  private boolean hear(Side target, FrameAssembler ear, long now) {
    inputCount++;
    ByteBuffer bytes = mutator.next(target.session().incoming().received());
    long takenBefore = target.memory.takenBytes();
    try {
      for (Frame frame : read(bytes, ear)) {
        passedCount += target.session().isOpen() && !target.session().linkIsToClose() ? 1 : 0;
        target.session().onFrame(target.session().connection(), frame, now);
      }
      assertThat(target.memory.takenBytes() - takenBefore)
          .isLessThanOrEqualTo(FrameCodec.FRAME_BYTES_MAX);
      return !target.session().linkIsToClose();
    } catch (ProtocolException e) {
      refusedCount++;
      target.session().onGarbage(target.session().connection(), e);
      return false;
    }
  }

  private static List<Frame> read(ByteBuffer bytes, FrameAssembler ear) throws ProtocolException {
    List<Frame> frames = new ArrayList<>();
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
      for (Frame frame : frames) {
        if (frame instanceof Frame.Data data) {
          data.lease().release();
        }
      }
      throw e;
    }
  }

  private static void live(Side target, long now, SplittableRandom own) {
    Session session = target.session();
    session.onTime(now);
    if (target.receives && own.nextBoolean()) {
      target.apply(now);
    }
    for (int round = 0; session.wantsToSend(now); round++) {
      assertThat(session.poll(target.transmit, now)).isTrue();
      assertThat(round).as("writes without end").isLessThan(100);
      target.transmit.clear();
    }
    session.deadlineNanos();
    target.rejects();
  }
}
