package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a stream goes on after a break: docs/PROTOCOL.md, section 6. */
final class SessionResumeTest {
  @Test
  void goesOnWhereTheReceiverSaysWithoutDuplicates() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("one ");
    pair.settle();
    pair.dialer.send("two ");
    pair.cutBefore(Frame.Data.class).settle();
    pair.dialer.send("three");
    pair.connect();
    assertThat(pair.acceptor.take(pair.now)).isEqualTo("one two three");
    assertThat(pair.acceptor.session().incoming().duplicateBytes()).isZero();
    assertThat(pair.dialer.session().outgoing().sentAgainBytes()).isEqualTo(4);
  }

  @Test
  void goesOnInsideASegment() {
    Pair pair = Pair.oneWay();
    pair.acceptor.windowBytesMin = 4;
    pair.connect();
    pair.dialer.send("0123456789");
    pair.settle().connect();
    assertThat(pair.acceptor.hold()).isEqualTo("0123");
    finishThrough(pair);
    assertThat(pair.acceptor.take(pair.now)).isEqualTo("0123456789");
  }

  @Test
  void dataThatCameBeforeIsDropped() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abcdef");
    pair.settle();
    Session receiver = pair.acceptor.session();
    Lease whole = pair.acceptor.memory.lease();
    receiver.onFrame(1, Frames.received(2, null, Frames.text("cd"), whole), pair.now);
    Lease half = pair.acceptor.memory.lease();
    receiver.onFrame(1, Frames.received(4, null, Frames.text("efgh"), half), pair.now);
    assertThat(pair.acceptor.take(pair.now)).isEqualTo("abcdefgh");
    assertThat(receiver.incoming().duplicateBytes()).isEqualTo(4);
    assertThat(pair.acceptor.memory.outCount()).isZero();
  }

  @Test
  void aGapIsABrokenLink() {
    Pair pair = Pair.oneWay().connect();
    Lease lease = pair.acceptor.memory.lease();
    pair.acceptor.session().onFrame(1, Frames.received(1, null, Frames.text("b"), lease), pair.now);
    assertThat(pair.acceptor.session().failure()).isNull();
    assertThat(pair.acceptor.session().linkIsToClose()).isTrue();
    assertThat(pair.acceptor.memory.outCount()).isZero();
  }

  @Test
  void aReceiverThatIsBehindWhatIsStillHeldIsDataLoss() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("0123456789");
    pair.settle();
    pair.acceptor.apply(pair.now);
    pair.pass(Side.ACK_DELAY);
    assertThat(pair.dialer.session().outgoing().heldFrom()).isEqualTo(10);
    SessionGreetingTest.greet(pair.cut().dialer.session(), 2, welcome(pair, 4, 0L));
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.DATA_LOSS);
    assertThat(pair.dialer.failureReason()).contains("goes on at 4", "holds 10 to 10");
  }

  @Test
  void aReceiverThatIsAheadIsDataLoss() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("0123456789");
    pair.settle();
    SessionGreetingTest.greet(pair.cut().dialer.session(), 2, welcome(pair, 11, 0L));
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.DATA_LOSS);
    assertThat(pair.dialer.failureReason()).contains("goes on at 11", "holds 0 to 10");
  }

  @Test
  void otherBytesAtTheSamePositionAreDataLoss() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("0123456789");
    pair.settle();
    SessionGreetingTest.greet(
        pair.cut().dialer.session(), 2, welcome(pair, 4, Side.digest("012X")));
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.DATA_LOSS);
    assertThat(pair.dialer.failureReason()).contains("other bytes before position 4", "0 to 10");
  }

  @Test
  void theDigestAgreesAtEveryPositionOfASegment() {
    for (int position = 0; position <= 10; position++) {
      Pair pair = Pair.oneWay().connect();
      pair.dialer.send("01234");
      pair.dialer.send("56789");
      pair.settle();
      long digest = Side.digest("0123456789".substring(0, position));
      SessionGreetingTest.greet(pair.cut().dialer.session(), 2, welcome(pair, position, digest));
      assertThat(pair.dialer.session().isOpen()).isTrue();
    }
  }

  @Test
  void aNewWriterAdoptsThePositionOfTheReceiver() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc", "c-3");
    pair.settle().cut();
    Pair next = new Pair(writer(0xC), pair.acceptor).connect();
    Outbound out = next.dialer.session().outgoing();
    assertThat(out.startPosition()).isEqualTo(3);
    assertThat(out.startCursor()).isEqualTo("c-3".getBytes(StandardCharsets.UTF_8));
    assertThat(out.startDigest()).isEqualTo(Side.digest("abc"));
    assertThat(out.verifiedFrom()).isEqualTo(3);
    next.dialer.session().onStartVerified();
    assertThat(out.verifiedFrom()).isZero();
    next.dialer.send("def");
    finishThrough(next);
    assertThat(pair.acceptor.take(pair.now)).isEqualTo("abcdef");
  }

  @Test
  void theCursorOfTheLastWholeBatchIsKept() {
    Pair pair = Pair.oneWay();
    pair.acceptor.windowBytesMin = 5;
    pair.connect();
    pair.dialer.send("abc", "c-3");
    pair.dialer.send("defgh", "c-8");
    pair.settle().cut();
    Pair next = new Pair(writer(0xC), pair.acceptor).connect();
    Outbound out = next.dialer.session().outgoing();
    assertThat(out.startPosition()).isEqualTo(5);
    assertThat(out.startCursor()).isEqualTo("c-3".getBytes(StandardCharsets.UTF_8));
    assertThat(out.startCursorPosition()).isEqualTo(3);
  }

  @Test
  void aRestartedReceiverGoesOnFromWhatItsSinkKept() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abcdef");
    pair.settle().cut();
    Side restarted = restarted(pair.acceptor, 3, Side.digest("abc"));
    Pair next = new Pair(pair.dialer, restarted);
    next.connection = pair.connection;
    finishThrough(next.connect());
    assertThat(restarted.take(pair.now)).isEqualTo("def");
    assertThat(pair.dialer.session().outgoing().verifiedFrom()).isZero();
    assertThat(pair.dialer.session().outgoing().epoch()).isEqualTo(2);
  }

  @Test
  void whereTheReceiverKnowsNoDigestBothCountFromThere() {
    Pair next = withoutDigest();
    finishThrough(next.connect());
    assertThat(next.dialer.session().outgoing().verifiedFrom()).isEqualTo(3);
    assertThat(next.acceptor.take(next.now)).isEqualTo("def");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void bothCountFromThereAcrossLaterBreaksToo(int breaks) {
    Pair next = withoutDigest().connect();
    for (int i = 0; i < breaks; i++) {
      next.dialer.send("x");
      next.settle().connect();
    }
    finishThrough(next);
    assertThat(next.dialer.session().outgoing().verifiedFrom()).isEqualTo(3);
    assertThat(next.acceptor.take(next.now)).isEqualTo("def" + "x".repeat(breaks));
  }

  @Test
  void whatIsNotAppliedIsHeldWhereBothCountFromThereToo() {
    Pair next = withoutDigest().connect();
    next.dialer.send("ghi");
    next.settle().cut();
    assertThat(next.dialer.session().outgoing().verifiedFrom()).isEqualTo(3);
    assertThat(next.dialer.session().outgoing().heldFrom()).isZero();
    Side fallenBack = restarted(next.acceptor, 1, null);
    Pair last = new Pair(next.dialer, fallenBack);
    last.connection = next.connection;
    finishThrough(last.connect());
    assertThat(fallenBack.take(last.now)).isEqualTo("bcdefghi");
    assertThat(next.dialer.session().outgoing().verifiedFrom()).isEqualTo(1);
  }

  @Test
  void aReceiverThatFallsBackBehindWhereBothCountedTellsItsDigest() {
    Pair next = withoutDigest().connect().cut();
    Side fallenBack = restarted(next.acceptor, 2, Side.digest("ab"));
    Pair last = new Pair(next.dialer, fallenBack);
    last.connection = next.connection;
    finishThrough(last.connect());
    assertThat(fallenBack.take(last.now)).isEqualTo("cdef");
  }

  @Test
  void aLostWelcomeWithoutADigestIsSaidAgain() {
    Pair next = withoutDigest().cutBefore(Frame.Welcome.class).connect().connect();
    finishThrough(next);
    assertThat(next.acceptor.take(next.now)).isEqualTo("def");
  }

  @Test
  void aNewWriterToAReceiverWithoutADigestCountsFromItsStart() {
    Pair pair = withoutDigest().connect().cut();
    Pair next = new Pair(writer(0xC), pair.acceptor).connect();
    Outbound out = next.dialer.session().outgoing();
    assertThat(out.startPosition()).isEqualTo(6);
    assertThat(out.startDigest()).isNull();
    next.dialer.session().onStartVerified();
    assertThat(out.verifiedFrom()).isEqualTo(6);
    next.dialer.send("ghi");
    next.settle().connect();
    finishThrough(next);
    assertThat(next.acceptor.take(next.now)).isEqualTo("defghi");
  }

  @Test
  void aNewWriterEndsAStreamWhoseEndWasSeenWithoutADigest() {
    Pair pair = withoutDigest().connect();
    pair.dialer.session().finish();
    pair.settle().cut();
    Pair next = new Pair(writer(0xC), pair.acceptor).connect();
    finishThrough(next);
    assertThat(next.acceptor.take(next.now)).isEqualTo("def");
  }

  @Test
  void whatWasReceivedIsAcknowledgedByTheResumeItself() {
    Pair pair = Pair.oneWay();
    pair.dialer.ackLevel = Frame.AckLevel.RECEIVED;
    pair.connect();
    pair.dialer.send("abc");
    pair.settle().cut();
    assertThat(pair.dialer.session().outgoing().acknowledged()).isZero();
    pair.connect();
    assertThat(pair.dialer.session().outgoing().acknowledged()).isEqualTo(3);
    assertThat(pair.dialer.memory.outCount()).isZero();
  }

  @Test
  void whatWasAppliedIsAcknowledgedAgainAfterTheResume() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.settle();
    pair.acceptor.apply(pair.now);
    pair.connect();
    pair.pass(Side.ACK_DELAY);
    assertThat(pair.dialer.session().outgoing().applied()).isEqualTo(3);
  }

  @Test
  void aDialingReceiverAcknowledgesAgainAfterTheResume() {
    Pair pair = Pair.oneWay().swapped().connect();
    pair.acceptor.send("abc");
    pair.settle();
    pair.dialer.apply(pair.now);
    pair.connect();
    pair.pass(Side.ACK_DELAY);
    assertThat(pair.acceptor.session().outgoing().applied()).isEqualTo(3);
  }

  private static Side writer(long id) {
    Side writer = new Side("stream-1", id);
    writer.receives = false;
    return writer;
  }

  /** A receiver process that begins with what an earlier one left behind. */
  private static Side restarted(Side before, long position, @Nullable Long digest) {
    Side restarted = new Side("unused", 0xB);
    restarted.sends = false;
    restarted.instance = new Frame.Id(0xBB, 1);
    restarted.receiver = before.receiver;
    restarted.remember(new SessionConfig.InboundStart("stream-1", 1, position, digest, null));
    return restarted;
  }

  /** A sender that has sent "abcdef", and a receiver that kept "abc" and knows no digest. */
  private static Pair withoutDigest() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abcdef");
    pair.settle().cut();
    Pair next = new Pair(pair.dialer, restarted(pair.acceptor, 3, null));
    next.connection = pair.connection;
    return next;
  }

  private static Frame.Welcome welcome(Pair pair, long position, long digest) {
    return new Frame.Welcome(pair.acceptor.receiver, 1, position, digest, position + 100, null, 0);
  }

  private static void finishThrough(Pair pair) {
    pair.dialer.session().finish();
    for (int round = 0; round < 20 && pair.settle().linked(); round++) {
      pair.acceptor.apply(pair.now);
    }
    assertThat(pair.dialer.failureReason()).isEmpty();
    assertThat(pair.dialer.session().isComplete()).isTrue();
    assertThat(pair.acceptor.session().isComplete()).isTrue();
  }
}
