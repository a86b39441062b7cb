package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Receivers that remember: what survives, what is told of it, and who goes on after them. */
final class SessionMemoryTest {
  private static final String STREAM = "stream-1";

  // ---------------------------------------------------------------- what is acknowledged

  @Test
  void whatIsDurableIsAcknowledgedAndNoMore() {
    Pair pair = spooled(Frame.AckLevel.DURABLE).connect();
    pair.dialer.send("abcdef");
    take(pair);
    assertThat(out(pair).durable()).isZero();
    durable(pair, 4);
    assertThat(out(pair).acknowledged()).isEqualTo(4);
    assertThat(out(pair).received()).isEqualTo(6);
    assertThat(out(pair).applied()).isZero();
  }

  @Test
  void theSinkBehindASpoolIsToldOfOnlyWhatTheSpoolHas() {
    Pair pair = spooled(Frame.AckLevel.APPLIED).connect();
    pair.dialer.send("abcdef");
    take(pair);
    pair.acceptor.session().onApplied(6, null, pair.now);
    pair.pass(Side.ACK_DELAY);
    assertThat(out(pair).acknowledged()).isZero();
    durable(pair, 4);
    assertThat(out(pair).acknowledged()).isEqualTo(4);
    durable(pair, 6);
    assertThat(out(pair).acknowledged()).isEqualTo(6);
  }

  @Test
  void whatIsAppliedIsDurableWhereTheSinkKeepsItsPlace() {
    Pair pair = Pair.oneWay();
    pair.dialer.ackLevel = Frame.AckLevel.DURABLE;
    pair.acceptor.kept = Set.of(Frame.AckLevel.values());
    pair.connect();
    pair.dialer.send("abc");
    pair.settle();
    pair.acceptor.apply(pair.now);
    pair.pass(Side.ACK_DELAY);
    assertThat(out(pair).acknowledged()).isEqualTo(3);
  }

  @Test
  void nothingIsDurableAtAReceiverThatKeepsNothing() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.settle();
    pair.acceptor.session().onDurable(3, pair.now);
    pair.acceptor.apply(pair.now);
    pair.pass(Side.ACK_DELAY);
    assertThat(pair.acceptor.lastSent(Frame.Ack.class).durable()).isZero();
  }

  @Test
  void whatIsDurableIsLetGoOfThoughAppliedIsAskedFor() {
    Pair pair = spooled(Frame.AckLevel.APPLIED).connect();
    pair.dialer.send("abc");
    take(pair);
    durable(pair, 3);
    assertThat(out(pair).acknowledged()).isZero();
    assertThat(out(pair).letGo()).isEqualTo(3);
    assertThat(pair.dialer.memory.outCount()).isZero();
  }

  @Test
  void behindASpoolASinkThatAppliesAtTheEndLetsGoOfWhatIsDurable() {
    Pair pair = spooled(Frame.AckLevel.APPLIED).connect();
    pair.acceptor.session().onAppliesAtEnd();
    pair.dialer.send("abcdef");
    take(pair);
    assertThat(out(pair).appliesAtEnd()).isTrue();
    assertThat(out(pair).letGo()).isZero();
    durable(pair, 3);
    assertThat(out(pair).letGo()).isEqualTo(3);
  }

  @Test
  void nobodyWaitsForTheEndOfASinkBehindASpoolWhoAsksForDurable() {
    Pair pair = spooled(Frame.AckLevel.DURABLE).connect();
    pair.acceptor.session().onAppliesAtEnd();
    pair.settle();
    assertThat(out(pair).appliesAtEnd()).isFalse();
  }

  @Test
  void whatDidNotComeCannotBeDurable() {
    Pair pair = spooled(Frame.AckLevel.DURABLE).connect();
    pair.dialer.send("abc");
    take(pair);
    assertThatThrownBy(() -> pair.acceptor.session().onDurable(4, pair.now))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("received 3");
  }

  @ParameterizedTest
  @EnumSource(Frame.AckLevel.class)
  void theEndIsConfirmedWhenItIsThereAtTheAskedLevel(Frame.AckLevel level) {
    Pair pair = spooled(level);
    pair.acceptor.session().holdEnd();
    pair.connect();
    pair.dialer.send("abc");
    pair.dialer.session().finish();
    take(pair);
    assertThat(out(pair).finAcked()).isEqualTo(level == Frame.AckLevel.RECEIVED);
    durable(pair, 3);
    assertThat(out(pair).finAcked()).isEqualTo(level == Frame.AckLevel.RECEIVED);
    pair.acceptor.session().onDurableEnd(3, Side.digest("abc"), pair.now);
    pair.settle();
    assertThat(out(pair).finAcked()).isEqualTo(level != Frame.AckLevel.APPLIED);
    pair.acceptor.session().onFinished(3, null, pair.now);
    pair.settle();
    assertThat(out(pair).finAcked()).isTrue();
    assertThat(out(pair).acknowledged()).isEqualTo(3);
  }

  @Test
  void anEndThatIsAppliedWaitsForItsSpool() {
    Pair pair = spooled(Frame.AckLevel.APPLIED);
    pair.acceptor.session().holdEnd();
    pair.connect();
    pair.dialer.send("abc");
    pair.dialer.session().finish();
    take(pair);
    pair.acceptor.session().onFinished(3, null, pair.now);
    pair.settle();
    assertThat(out(pair).finAcked()).isFalse();
    pair.acceptor.session().onDurableEnd(3, null, pair.now);
    pair.settle();
    assertThat(out(pair).finAcked()).isTrue();
  }

  @Test
  void aSpoolThatKeptOtherBytesIsDataLoss() {
    Pair pair = spooled(Frame.AckLevel.DURABLE).connect();
    pair.dialer.send("abc");
    pair.dialer.session().finish();
    take(pair);
    pair.acceptor.session().onDurableEnd(3, Side.digest("abX"), pair.now);
    pair.settle();
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.DATA_LOSS);
  }

  @Test
  void whoAsksForWhatIsNotKeptHearsTheWayOut() {
    Pair pair = Pair.oneWay();
    pair.dialer.ackLevel = Frame.AckLevel.DURABLE;
    pair.connect();
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.UNIMPLEMENTED);
    assertThat(pair.dialer.failureReason()).contains("'orders'", "--spool DIR", "--ack applied");
  }

  // ---------------------------------------------------------------- what is held

  @Test
  void aRestartedReceiverIsTheSameWhateverItsProcess() {
    Pair pair = spooled(Frame.AckLevel.DURABLE).connect();
    pair.dialer.send("abcdef");
    take(pair);
    durable(pair, 4);
    Side next = receiver(0xD);
    next.remember(new SessionConfig.InboundStart(STREAM, 1, 4, Side.digest("abcd"), null));
    Pair second = new Pair(pair.cut().dialer, next);
    second.connection = pair.connection;
    second.connect();
    assertThat(pair.dialer.failureReason()).isEmpty();
    assertThat(next.take(pair.now)).isEqualTo("ef");
    assertThat(out(pair).epoch()).isEqualTo(2);
  }

  @Test
  void aReceiverWhoseMemoryIsGoneIsNeverBegunAnew() {
    Pair pair = spooled(Frame.AckLevel.DURABLE).connect();
    pair.dialer.send("abcdef");
    take(pair);
    durable(pair, 6);
    Pair second = new Pair(pair.cut().dialer, receiver(0xD));
    second.connection = pair.connection;
    second.connect();
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.DATA_LOSS);
    assertThat(pair.dialer.failureReason()).contains("goes on at 0", "holds 6 to 6");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void belowItsStartASenderCannotGoBackItself(boolean confirmed) {
    Pair pair = spooled(Frame.AckLevel.DURABLE);
    pair.acceptor.remember(new SessionConfig.InboundStart(STREAM, 1, 4, Side.digest("abcd"), null));
    pair.connect();
    pair.dialer.send("ef");
    take(pair);
    if (confirmed) {
      durable(pair, 5);
    }
    Side next = receiver(0xD);
    next.remember(new SessionConfig.InboundStart(STREAM, 1, 2, Side.digest("ab"), null));
    Pair second = new Pair(pair.cut().dialer, next);
    second.connection = pair.connection;
    second.connect();
    // What was confirmed to this sender is gone there; what was not is with its source.
    assertThat(pair.dialer.failureCode()).isEqualTo(confirmed ? Code.DATA_LOSS : Code.OUT_OF_RANGE);
    assertThat(pair.dialer.failureReason())
        .contains("goes on at 2", confirmed ? "holds 4 to 6" : "this one began at 4");
  }

  @Test
  void aReceiverThatKeepsNothingDoesNotFollowOneThatDid() {
    Pair pair = spooled(Frame.AckLevel.APPLIED).connect();
    pair.dialer.send("abc");
    pair.settle().cut();
    Side forgetful = new Side("unused", 0xD);
    forgetful.sends = false;
    Pair second = new Pair(pair.dialer, forgetful);
    second.connection = pair.connection;
    second.connect();
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.FAILED_PRECONDITION);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void ofManyStreamsThatAreHeldTheOneThatComesGoesOn(boolean senderDials) {
    Pair oneWay = spooled(Frame.AckLevel.DURABLE);
    oneWay.acceptor.remember(new SessionConfig.InboundStart("stream-0", 7, 9, 5L, null));
    oneWay.acceptor.remember(new SessionConfig.InboundStart(STREAM, 3, 2, Side.digest("ab"), null));
    Pair pair = senderDials ? oneWay : oneWay.swapped();
    pair.connect();
    Outbound out = oneWay.dialer.session().outgoing();
    assertThat(out.startPosition()).isEqualTo(2);
    assertThat(out.epoch()).isEqualTo(4);
    oneWay.dialer.send("cd");
    pair.settle();
    assertThat(oneWay.acceptor.take(pair.now)).isEqualTo("cd");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theWriterOfADamagedStreamHearsOfDataLoss(boolean senderDials) {
    Pair oneWay = spooled(Frame.AckLevel.DURABLE);
    oneWay.acceptor.remember(
        SessionConfig.InboundStart.damaged(STREAM, "damaged at position 17 of stream-1"));
    Pair pair = senderDials ? oneWay : oneWay.swapped();
    pair.connect();
    assertThat(oneWay.dialer.failureCode()).isEqualTo(Code.DATA_LOSS);
    assertThat(oneWay.dialer.failureReason()).contains("position 17");
    assertThat(oneWay.acceptor.failureCode()).isEqualTo(senderDials ? 0 : Code.DATA_LOSS);
  }

  @Test
  void aSenderThatComesAgainFindsTheEndOfAStreamThatIsComplete() {
    Side receiver = receiver(0xD);
    receiver.remember(new SessionConfig.InboundStart(STREAM, 1, 3, Side.digest("abc"), null));
    Side sender = sender(0xC, Frame.AckLevel.DURABLE);
    Pair pair = new Pair(sender, receiver).connect();
    assertThat(sender.session().outgoing().startPosition()).isEqualTo(3);
    sender.session().finish();
    pair.settle();
    assertThat(sender.session().isComplete()).isTrue();
  }

  @Test
  void anEndThatWasConfirmedBeforeIsToldToAReceiverThatWasStartedAgain() {
    Side first = new Side(STREAM, 0xA);
    Side second = new Side("stream-2", 0xB).spooled();
    Pair pair = new Pair(first, second).connect();
    first.send("abc");
    first.session().finish();
    pair.settle();
    second.take(pair.now);
    second.session().onDurable(3, pair.now);
    second.session().onFinished(3, null, pair.now);
    pair.settle().cut();
    assertThat(out(pair).finAcked()).isTrue();
    Side again = new Side("stream-2", 0xBB).spooled();
    again.remember(new SessionConfig.InboundStart(STREAM, 1, 3, Side.digest("abc"), null));
    again.session().holdEnd();
    Pair next = new Pair(first, again);
    next.connection = pair.connection;
    next.connect();
    again.session().finish();
    next.settle();
    assertThat(out(pair).finAcked()).isTrue();
    assertThat(first.sent(Frame.Bye.class)).isEmpty();
    again.session().onDurableEnd(3, null, pair.now);
    again.session().onFinished(3, null, pair.now);
    next.settle();
    assertThat(first.failureReason()).isEmpty();
    assertThat(first.session().isComplete()).isTrue();
    assertThat(again.session().isComplete()).isTrue();
  }

  // ---------------------------------------------------------------- who writes

  @Test
  void aWriterThatTakesOverReplacesOneThatLives() {
    Pair pair = spooled(Frame.AckLevel.DURABLE).connect();
    pair.dialer.send("abc");
    take(pair);
    Side second = sender(0xC, Frame.AckLevel.DURABLE);
    assertThat(offered(pair, second)).isNotNull();
    assertThat(pair.acceptor.session().takeFarewell()).isNull();
    second = sender(0xCC, Frame.AckLevel.DURABLE);
    second.takesOver = true;
    assertThat(offered(pair, second)).isNull();
    SessionFailure farewell = pair.acceptor.session().takeFarewell();
    assertThat(farewell)
        .isNotNull()
        .extracting(SessionFailure::code)
        .isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(String.valueOf(farewell)).contains(STREAM, "replaced", "--takeover");
    assertThat(pair.acceptor.session().takeFarewell()).isNull();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aWriterThatWasReplacedIsRefusedWhetherOrNotTheOtherOneLives(boolean lives) {
    Pair pair = spooled(Frame.AckLevel.DURABLE).connect();
    Side second = sender(0xC, Frame.AckLevel.DURABLE);
    second.takesOver = true;
    Pair taken = new Pair(second, pair.acceptor).connect();
    assertThat(second.session().isOpen()).isTrue();
    assertThat(out(taken).epoch()).isEqualTo(2);
    if (!lives) {
      taken.cut();
    }
    SessionFailure refusal = offered(pair, pair.dialer, 2, out(pair).epoch());
    assertThat(refusal)
        .isNotNull()
        .extracting(SessionFailure::code)
        .isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(String.valueOf(refusal)).contains("was replaced");
  }

  @Test
  void whoWaitsForAnotherWriterHearsWhatItWaitsFor() {
    Pair pair = Pair.oneWay().connect();
    SessionFailure refusal = offered(pair, sender(0xC, Frame.AckLevel.APPLIED));
    assertThat(refusal).isNotNull().extracting(SessionFailure::code).isEqualTo(Code.ALREADY_EXISTS);
    assertThat(String.valueOf(refusal)).contains("'orders'", "lives", "--takeover");
  }

  @Test
  void aPipeOfBothWaysIsNotTakenOver() {
    Pair pair = Pair.duplex().connect();
    Side second = new Side(STREAM, 0xC);
    second.takesOver = true;
    SessionFailure refusal = offered(pair, second);
    assertThat(refusal).isNotNull().extracting(SessionFailure::code).isEqualTo(Code.ALREADY_EXISTS);
  }

  @Test
  void aWriterOfAnotherStreamDoesNotTakeOver() {
    Pair pair = Pair.oneWay().connect();
    Side second = new Side("stream-2", 0xC);
    second.receives = false;
    second.takesOver = true;
    SessionFailure refusal = offered(pair, second);
    assertThat(refusal).isNotNull().extracting(SessionFailure::code).isEqualTo(Code.ALREADY_EXISTS);
    assertThat(pair.acceptor.session().isOpen()).isTrue();
  }

  private static Pair spooled(Frame.AckLevel level) {
    return new Pair(sender(0xA, level), receiver(0xB));
  }

  private static Side sender(long id, Frame.AckLevel level) {
    Side sender = new Side(STREAM, id);
    sender.receives = false;
    sender.ackLevel = level;
    return sender;
  }

  private static Side receiver(long id) {
    Side receiver = new Side("unused", id).spooled();
    receiver.sends = false;
    return receiver;
  }

  private static Outbound out(Pair pair) {
    return pair.dialer.session().outgoing();
  }

  private static void take(Pair pair) {
    pair.settle();
    pair.acceptor.take(pair.now);
    pair.pass(Side.ACK_DELAY);
  }

  private static void durable(Pair pair, long position) {
    pair.acceptor.session().onDurable(position, pair.now);
    pair.pass(Side.ACK_DELAY);
  }

  /** What this writer's HELLO is answered while the link of the first one stands. */
  private static @Nullable SessionFailure offered(Pair pair, Side writer) {
    return offered(pair, writer, 1, 0);
  }

  private static @Nullable SessionFailure offered(Pair pair, Side writer, long number, long epoch) {
    Frame.Hello hello =
        new Frame.Hello(
            FrameCodec.VERSION,
            FrameCodec.VERSION,
            writer.sends,
            writer.receives,
            writer.ackLevel,
            writer.encoding,
            writer.instance,
            number,
            writer.name,
            writer.stream,
            false,
            0,
            0,
            epoch,
            false,
            writer.takesOver,
            null,
            0);
    return pair.acceptor.session().onAccept(hello, null, pair.now);
  }
}
