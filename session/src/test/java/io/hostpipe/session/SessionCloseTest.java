package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a stream, a link and a session end: docs/PROTOCOL.md, sections 11 and 12. */
final class SessionCloseTest {
  @Test
  void finIsConfirmedOnlyOnceAllIsApplied() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.dialer.session().finish();
    pair.settle();
    assertThat(pair.acceptor.session().incomingEnded()).isFalse();
    assertThat(pair.acceptor.take(pair.now)).isEqualTo("abc");
    assertThat(pair.acceptor.session().incomingEnded()).isTrue();
    pair.acceptor.session().onApplied(2, null, pair.now);
    pair.pass(Side.ACK_DELAY);
    assertThat(pair.acceptor.sent(Frame.FinAck.class)).isEmpty();
    assertThat(pair.dialer.session().outgoingFinished()).isFalse();
    pair.acceptor.session().onApplied(3, null, pair.now);
    pair.settle();
    assertThat(pair.dialer.session().outgoingFinished()).isTrue();
    assertThat(pair.linked()).isFalse();
    assertThat(pair.dialer.session().isComplete()).isTrue();
    assertThat(pair.acceptor.session().isComplete()).isTrue();
    assertThat(pair.dialer.memory.outCount() + pair.acceptor.memory.outCount()).isZero();
  }

  @Test
  void anEmptyStreamEndsToo() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.session().finish();
    pair.settle();
    assertThat(pair.dialer.session().isComplete()).isTrue();
    assertThat(pair.acceptor.session().isComplete()).isTrue();
  }

  @Test
  void aStreamMayBeFinishedBeforeItsFirstLink() {
    Pair pair = Pair.oneWay();
    pair.dialer.session().finish();
    pair.connect();
    assertThat(pair.dialer.session().isComplete()).isTrue();
  }

  @Test
  void nothingFollowsTheEnd() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.session().finish();
    assertThatThrownBy(() -> pair.dialer.send("x")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void atLevelReceivedTheEndIsConfirmedWhenItIsReceived() {
    Pair pair = Pair.oneWay();
    pair.dialer.ackLevel = Frame.AckLevel.RECEIVED;
    pair.connect();
    pair.dialer.send("abc");
    pair.dialer.session().finish();
    pair.settle();
    assertThat(pair.dialer.session().isComplete()).isTrue();
    assertThat(pair.acceptor.take(pair.now)).isEqualTo("abc");
  }

  @Test
  void theEndOfTheCarrierIsNotTheEndOfTheStream() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.settle().cut();
    pair.acceptor.apply(pair.now);
    assertThat(pair.acceptor.session().incomingEnded()).isFalse();
    assertThat(pair.acceptor.session().isComplete()).isFalse();
    assertThat(pair.dialer.session().isComplete()).isFalse();
  }

  @Test
  void aLostFinAckIsSaidAgainByTheLingeringReceiver() {
    Pair pair = Pair.oneWay().connect().cutBefore(Frame.FinAck.class);
    end(pair);
    assertThat(pair.dialer.session().isComplete()).isFalse();
    assertThat(pair.acceptor.session().isComplete()).isFalse();
    pair.now += Side.LINGER - 1;
    pair.acceptor.session().onTime(pair.now);
    pair.connect();
    assertThat(pair.dialer.session().isComplete()).isTrue();
    assertThat(pair.acceptor.session().isComplete()).isTrue();
  }

  @Test
  void aReceiverThatNobodyAsksIsCompleteAfterItsLinger() {
    Pair pair = Pair.oneWay().connect().cutBefore(Frame.Bye.class);
    end(pair);
    assertThat(pair.acceptor.session().isComplete()).isFalse();
    assertThat(pair.acceptor.session().deadlineNanos()).isEqualTo(pair.now + Side.LINGER);
    pair.acceptor.session().onTime(pair.now + Side.LINGER);
    assertThat(pair.acceptor.session().isComplete()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Fin", "FinAck", "Bye"})
  void theLingerGoesOnWhenTheLinkThatAsksBreaksToo(String lost) {
    Pair pair = Pair.oneWay().connect().cutBefore(Frame.FinAck.class);
    end(pair);
    pair.cutBefore(frame -> frame.getClass().getSimpleName().equals(lost)).connect().cut();
    assertThat(pair.acceptor.session().isComplete()).isFalse();
    pair.acceptor.session().onTime(pair.now + Side.LINGER);
    assertThat(pair.acceptor.session().isComplete()).isTrue();
  }

  @Test
  void theLingerGoesOnWhenALaterGreetingFails() {
    Pair pair = Pair.oneWay().connect().cutBefore(Frame.FinAck.class);
    end(pair);
    pair.cutBefore(Frame.Hello.class);
    pair.connect();
    pair.cutBefore(Frame.Welcome.class);
    pair.connect();
    pair.cut();
    pair.acceptor.session().onTime(pair.now + Side.LINGER);
    assertThat(pair.acceptor.session().isComplete()).isTrue();
  }

  @Test
  void aReceiverThatBrokeOffBeforeItsFinAckWentOutLingersToo() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.dialer.session().finish();
    pair.settle();
    pair.acceptor.apply(pair.now);
    pair.cut();
    assertThat(pair.acceptor.session().isComplete()).isFalse();
    pair.acceptor.session().onTime(pair.now + Side.LINGER);
    assertThat(pair.acceptor.session().isComplete()).isTrue();
  }

  @Test
  void aDialingReceiverLingersToo() {
    Pair oneWay = Pair.oneWay();
    Pair pair = oneWay.swapped().connect();
    pair.acceptor.send("abc");
    pair.acceptor.session().finish();
    pair.settle();
    pair.cutBefore(Frame.FinAck.class);
    pair.dialer.apply(pair.now);
    pair.settle();
    assertThat(pair.linked()).isFalse();
    assertThat(pair.dialer.session().isComplete()).isFalse();
    pair.connect();
    assertThat(pair.acceptor.session().isComplete()).isTrue();
    assertThat(pair.dialer.session().isComplete()).isTrue();
  }

  @Test
  void eachDirectionEndsByItself() {
    Pair pair = Pair.duplex().connect();
    pair.dialer.send("question");
    pair.dialer.session().finish();
    pair.settle();
    assertThat(pair.acceptor.apply(pair.now)).isEqualTo("question");
    pair.settle();
    assertThat(pair.dialer.session().outgoingFinished()).isTrue();
    assertThat(pair.dialer.session().isComplete()).isFalse();
    pair.acceptor.send("a long answer");
    pair.settle().connect();
    pair.acceptor.session().finish();
    pair.settle();
    assertThat(pair.dialer.apply(pair.now)).isEqualTo("a long answer");
    pair.settle();
    assertThat(pair.dialer.session().isComplete()).isTrue();
    assertThat(pair.acceptor.session().isComplete()).isTrue();
    assertThat(pair.linked()).isFalse();
  }

  @Test
  void aDuplexSideThatLostTheLastByeLingers() {
    Pair pair = Pair.duplex().connect();
    pair.dialer.session().finish();
    pair.acceptor.session().finish();
    pair.cutBefore(Frame.Bye.class).settle();
    assertThat(pair.dialer.session().outgoingFinished()).isTrue();
    pair.connect();
    assertThat(pair.dialer.session().isComplete()).isTrue();
    assertThat(pair.acceptor.session().isComplete()).isTrue();
  }

  @Test
  void bytesThatTheSinkAlteredAreDataLoss() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.dialer.session().finish();
    pair.settle();
    pair.acceptor.take(pair.now);
    pair.acceptor.session().onApplied(3, Side.digest("abX"), pair.now);
    pair.settle();
    assertThat(pair.acceptor.failureCode()).isEqualTo(Code.DATA_LOSS);
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.DATA_LOSS);
    assertThat(pair.dialer.session().outgoingFinished()).isFalse();
  }

  @Test
  void bytesThatWereAlteredBeforeTheReceiverAreDataLoss() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.dialer.session().finish();
    pair.settle();
    pair.dialer.session().onFrame(1, new Frame.FinAck(3, Side.digest("abX")), pair.now);
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.DATA_LOSS);
  }

  @Test
  void anEndThatIsNotWhereTheStreamIsIsRefused() {
    Pair pair = Pair.oneWay().connect();
    pair.acceptor.session().onFrame(1, new Frame.Fin(5, 0), pair.now);
    assertThat(pair.acceptor.failureCode()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void dataBehindTheEndIsRefused() {
    Pair pair = Pair.oneWay().connect();
    pair.acceptor.session().onFrame(1, new Frame.Fin(0, 0), pair.now);
    Lease lease = pair.acceptor.memory.lease();
    pair.acceptor.session().onFrame(1, Frames.received(0, null, Frames.text("x"), lease), pair.now);
    assertThat(pair.acceptor.failureCode()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(pair.acceptor.memory.outCount()).isZero();
  }

  @Test
  void aFinAckThatWasNotAskedForIsRefused() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.session().onFrame(1, new Frame.FinAck(0, 0), pair.now);
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void theSinkMayFinishBetweenTwoLinks() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.dialer.session().finish();
    pair.settle().cut();
    Frame.Welcome welcome =
        new Frame.Welcome(pair.acceptor.receiver, 1, 3, Side.digest("abc"), 100, null, 0);
    Session sender = pair.dialer.session();
    sender.onDial(2, null, pair.now);
    sender.onFrame(2, helloOf(pair.acceptor), pair.now);
    sender.onFrame(2, welcome, pair.now);
    sender.onFrame(2, new Frame.FinAck(3, Side.digest("abc")), pair.now);
    assertThat(sender.failure()).isNull();
    assertThat(sender.outgoingFinished()).isTrue();
  }

  private static Frame.Hello helloOf(Side side) {
    return side.lastSent(Frame.Hello.class);
  }

  @Test
  void aByeBeforeTheEndIsRefused() {
    Pair pair = Pair.oneWay().connect();
    pair.acceptor.session().onFrame(1, new Frame.Bye(), pair.now);
    assertThat(pair.acceptor.failureCode()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAbortTellsThePositionToThePeer(boolean bySender) {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.settle();
    pair.acceptor.apply(pair.now);
    Side aborting = bySender ? pair.dialer : pair.acceptor;
    Side told = bySender ? pair.acceptor : pair.dialer;
    aborting.session().abort("interrupted");
    pair.settle();
    assertThat(aborting.failureCode()).isEqualTo(Code.CANCELLED);
    assertThat(told.failureCode()).isEqualTo(Code.CANCELLED);
    assertThat(told.failureReason()).contains("at position 3: interrupted");
    assertThat(pair.linked()).isFalse();
  }

  @Test
  void anAbortWithoutALinkIsToldToWhoeverDials() {
    Pair pair = Pair.oneWay().connect().cut();
    pair.acceptor.session().abort("interrupted");
    pair.connect();
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.CANCELLED);
  }

  @Test
  void anAbortAfterTheEndIsNone() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.session().finish();
    pair.settle();
    pair.dialer.session().abort("too late");
    assertThat(pair.dialer.session().failure()).isNull();
  }

  @Test
  void goAwayCostsOnlyTheLink() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.session().onFrame(1, new Frame.GoAway("update"), pair.now);
    assertThat(pair.dialer.session().failure()).isNull();
    assertThat(pair.dialer.session().linkIsToClose()).isTrue();
    pair.connect();
    assertThat(pair.dialer.session().isOpen()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        Code.DEADLINE_EXCEEDED,
        Code.NOT_FOUND,
        Code.ALREADY_EXISTS,
        Code.RESOURCE_EXHAUSTED,
        Code.ABORTED,
        Code.UNAVAILABLE
      })
  void anErrorThatMayPassEndsOnlyTheLink(int code) {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.session().onFrame(1, new Frame.Failure(code, "later"), pair.now);
    assertThat(pair.dialer.session().failure()).isNull();
    assertThat(pair.dialer.session().linkIsToClose()).isTrue();
    assertThat(pair.dialer.session().linkRefusal())
        .isEqualTo(new SessionFailure(code, "later", true));
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        Code.CANCELLED,
        Code.INVALID_ARGUMENT,
        Code.FAILED_PRECONDITION,
        Code.UNIMPLEMENTED,
        Code.INTERNAL,
        Code.DATA_LOSS,
        -1,
        0
      })
  void anyOtherErrorEndsTheSession(int code) {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.session().onFrame(1, new Frame.Failure(code, "no"), pair.now);
    assertThat(pair.dialer.session().failure()).isEqualTo(new SessionFailure(code, "no", true));
    assertThat(pair.dialer.session().wantsToSend(pair.now)).isFalse();
    assertThat(pair.dialer.session().linkIsToClose()).isTrue();
  }

  @Test
  void aClosedSessionHoldsNothing() {
    Pair pair = Pair.duplex().connect();
    pair.dialer.send("abc");
    pair.acceptor.send("def");
    pair.settle();
    pair.dialer.session().close();
    pair.acceptor.session().close();
    assertThat(pair.dialer.memory.outCount() + pair.acceptor.memory.outCount()).isZero();
  }

  private static void end(Pair pair) {
    pair.dialer.send("abc");
    pair.dialer.session().finish();
    pair.settle();
    pair.acceptor.apply(pair.now);
    pair.settle();
    assertThat(pair.linked()).isFalse();
  }
}
