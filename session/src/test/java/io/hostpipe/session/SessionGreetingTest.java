package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is welcome on which link: docs/PROTOCOL.md, sections 4 and 5. */
final class SessionGreetingTest {
  @Test
  void theDialerMaySend() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("hello");
    assertThat(pair.settle().acceptor.take(pair.now)).isEqualTo("hello");
  }

  @Test
  void theDialerMayReceive() {
    Pair oneWay = Pair.oneWay();
    Pair pair = oneWay.swapped().connect();
    pair.acceptor.send("hello");
    assertThat(pair.settle().dialer.take(pair.now)).isEqualTo("hello");
  }

  @Test
  void oneRoundTripOpensALink() {
    Pair pair = Pair.duplex().connect();
    assertThat(pair.dialer.sent).hasExactlyElementsOfTypes(Frame.Hello.class, Frame.Welcome.class);
    assertThat(pair.acceptor.sent)
        .hasExactlyElementsOfTypes(Frame.Hello.class, Frame.Welcome.class);
    assertThat(pair.dialer.session().isOpen()).isTrue();
    assertThat(pair.acceptor.session().isOpen()).isTrue();
  }

  @Test
  void twoSendersDoNotGoTogether() {
    Pair pair = Pair.oneWay();
    pair.acceptor.sends = true;
    pair.acceptor.receives = false;
    pair.connect();
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(pair.dialer.failureReason()).contains("both ends of 'orders' send");
  }

  @Test
  void twoReceiversDoNotGoTogether() {
    Pair pair = Pair.oneWay();
    pair.dialer.sends = false;
    pair.dialer.receives = true;
    pair.connect();
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(pair.dialer.failureReason()).contains("both ends of 'orders' receive");
  }

  @Test
  void encodingsHaveToBeTheSame() {
    Pair pair = Pair.oneWay();
    pair.acceptor.encoding = "records";
    pair.connect();
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(pair.dialer.failureReason())
        .contains("the side that listens for 'orders' carries messages (records)")
        .contains("give --frame or --frame-out to the side that dials as well");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anyEncodingGoesWithAll(boolean atDialer) {
    Pair pair = Pair.oneWay();
    (atDialer ? pair.dialer : pair.acceptor).encoding = SessionConfig.ENCODING_ANY;
    pair.connect();
    assertThat(pair.dialer.session().isOpen()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void durableIsRefusedWhereItCannotBe(boolean senderDials) {
    Pair oneWay = Pair.oneWay();
    oneWay.dialer.ackLevel = Frame.AckLevel.DURABLE;
    Pair pair = senderDials ? oneWay : oneWay.swapped();
    pair.connect();
    assertThat(oneWay.dialer.failureCode()).isEqualTo(Code.UNIMPLEMENTED);
  }

  @Test
  void durableIsWelcomeWhereItCanBe() {
    Pair pair = Pair.oneWay();
    pair.dialer.ackLevel = Frame.AckLevel.DURABLE;
    pair.acceptor.kept = Set.of(Frame.AckLevel.values());
    assertThat(pair.connect().dialer.session().isOpen()).isTrue();
  }

  @Test
  void aNewerConnectionReplacesOneThatSeemsToLive() {
    Pair pair = Pair.oneWay().connect();
    SessionFailure refusal = pair.acceptor.session().onAccept(hello(pair, 2), null, pair.now);
    assertThat(refusal).isNull();
    assertThat(pair.acceptor.session().connection()).isEqualTo(2);
    assertThat(pair.acceptor.session().isOpen()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void aConnectionThatIsNotNewerIsRefused(long number) {
    Pair pair = Pair.oneWay().connect().connect();
    SessionFailure refusal = pair.acceptor.session().onAccept(hello(pair, number), null, pair.now);
    assertThat(refusal).isNotNull().extracting(SessionFailure::code).isEqualTo(Code.ABORTED);
    assertThat(pair.acceptor.session().isOpen()).isTrue();
  }

  @Test
  void anotherWriterIsRefusedWhileTheFirstOneLives() {
    Pair pair = Pair.oneWay().connect();
    Side second = new Side("stream-1", 0xC);
    second.receives = false;
    Pair rivals = new Pair(second, pair.acceptor);
    assertThat(rivals.connect().refusal)
        .isNotNull()
        .extracting(SessionFailure::code)
        .isEqualTo(Code.ALREADY_EXISTS);
    assertThat(second.session().failure()).isNull();
    assertThat(second.session().linkRefusal())
        .isNotNull()
        .extracting(SessionFailure::code)
        .isEqualTo(Code.ALREADY_EXISTS);
    assertThat(pair.acceptor.session().isOpen()).isTrue();
  }

  @Test
  void anotherWriterGetsTheNextEpochOnceTheFirstOneIsGone() {
    Pair pair = Pair.oneWay().connect().cut();
    assertThat(pair.dialer.session().outgoing().epoch()).isEqualTo(1);
    Side second = new Side("stream-1", 0xC);
    second.receives = false;
    new Pair(second, pair.acceptor).connect();
    assertThat(second.session().isOpen()).isTrue();
    assertThat(second.session().outgoing().epoch()).isEqualTo(2);
  }

  @Test
  void aWriterThatWasReplacedDoesNotComeBack() {
    Pair pair = Pair.oneWay().connect().cut();
    Side second = new Side("stream-1", 0xC);
    second.receives = false;
    new Pair(second, pair.acceptor).connect().cut();
    pair.connect();
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(pair.dialer.failureReason()).contains("newer writer", "epoch 2", "epoch 1");
    assertThat(pair.acceptor.session().failure()).isNull();
  }

  @Test
  void aDialingReceiverRefusesAReplacedWriterAndLivesOn() {
    Pair pair = Pair.oneWay().swapped().connect().cut();
    Side second = new Side("stream-1", 0xC);
    second.receives = false;
    Pair next = new Pair(pair.dialer, second);
    next.connection = pair.connection;
    next.connect().cut();
    pair.connection = next.connection;
    pair.connect();
    assertThat(pair.acceptor.failureCode()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(pair.dialer.session().failure()).isNull();
    assertThat(pair.dialer.session().linkRefusal()).isNotNull();
  }

  @Test
  void aRestartedReceiverDoesNotGiveAWriterALowerEpoch() {
    Pair pair = Pair.oneWay();
    pair.acceptor.remember(new SessionConfig.InboundStart("stream-1", 6, 0, 0L, null));
    pair.connect().cut();
    assertThat(pair.dialer.session().outgoing().epoch()).isEqualTo(7);
    Side restarted = new Side("unused", 0xB);
    restarted.sends = false;
    restarted.instance = new Frame.Id(0xBB, 1);
    restarted.remember(new SessionConfig.InboundStart("stream-1", 2, 0, 0L, null));
    Pair next = new Pair(pair.dialer, restarted);
    next.connection = pair.connection;
    next.connect();
    assertThat(pair.dialer.session().outgoing().epoch()).isEqualTo(8);
  }

  @Test
  void theSameWriterKeepsItsEpoch() {
    Pair pair = Pair.oneWay().connect().connect();
    assertThat(pair.dialer.session().outgoing().epoch()).isEqualTo(1);
  }

  @Test
  void anotherStreamIsRefused() {
    Pair pair = Pair.oneWay().connect().cut();
    Side other = new Side("stream-9", 0xC);
    other.receives = false;
    assertThat(new Pair(other, pair.acceptor).connect().refusal)
        .isNotNull()
        .satisfies(refusal -> assertThat(refusal.code()).isEqualTo(Code.ALREADY_EXISTS))
        .satisfies(refusal -> assertThat(refusal.reason()).contains("stream-1", "stream-9"));
  }

  @Test
  void aReceiverThatForgotEverythingIsNotStartedAgainAtZero() {
    Pair pair = Pair.oneWay().connect().cut();
    Side fresh = new Side("unused", 0xD);
    fresh.sends = false;
    Pair again = new Pair(pair.dialer, fresh);
    again.connection = pair.connection;
    again.connect();
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(fresh.failureCode()).isEqualTo(Code.FAILED_PRECONDITION);
  }

  @Test
  void aLowerEpochThanBeforeIsRefused() {
    Pair pair = Pair.oneWay();
    Session session = pair.dialer.start();
    greet(session, 1, new Frame.Welcome(Frames.BOB, 5, 0, 0L, 100, null, 0));
    greet(session, 2, new Frame.Welcome(Frames.BOB, 4, 0, 0L, 100, null, 0));
    assertThat(session.failure())
        .isNotNull()
        .satisfies(failure -> assertThat(failure.reason()).contains("epoch 4 comes after 5"));
  }

  @Test
  void connectionNumbersOfADialerGrow() {
    Session session = Pair.duplex().dialer.start();
    session.onDial(7, null, 0);
    session.onLinkDown(7, 0);
    assertThatThrownBy(() -> session.onDial(7, null, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whatAnOlderLinkSaysIsIgnoredAndItsMemoryGivenBack() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.settle().connect();
    Lease lease = pair.acceptor.memory.lease();
    pair.acceptor
        .session()
        .onFrame(1, Frames.received(3, null, Frames.text("late"), lease), pair.now);
    pair.acceptor.session().onFrame(1, new Frame.Fin(3, 0), pair.now);
    pair.acceptor.session().onGarbage(1, new ProtocolException(Code.ABORTED, "late"));
    pair.acceptor.session().onLinkDown(1, pair.now);
    assertThat(pair.acceptor.take(pair.now)).isEqualTo("abc");
    assertThat(pair.acceptor.memory.outCount()).isZero();
    assertThat(pair.acceptor.session().isOpen()).isTrue();
  }

  @Test
  void aLinkOfAnotherDialerIsNotTakenForAnOlderOneWithItsNumber() {
    Pair pair = Pair.oneWay().connect();
    long old = pair.acceptor.session().connection();
    pair.dialer.send("abc");
    pair.settle().cut();
    Side second = new Side("stream-1", 0xC);
    second.receives = false;
    Pair next = new Pair(second, pair.acceptor).connect();
    assertThat(second.session().isOpen()).isTrue();
    assertThat(pair.acceptor.session().connection()).isNotEqualTo(old);
    Lease lease = pair.acceptor.memory.lease();
    pair.acceptor
        .session()
        .onFrame(old, Frames.received(3, null, Frames.text("zombie"), lease), pair.now);
    second.send("def");
    next.settle();
    assertThat(pair.acceptor.take(pair.now)).isEqualTo("abcdef");
  }

  @Test
  void bothMayDialInTurns() {
    Pair pair = Pair.duplex().connect().connect().connect();
    pair.cut();
    Pair back = pair.swapped();
    back.connection = pair.acceptor.session().connection();
    back.connect();
    assertThat(back.dialer.session().isOpen()).isTrue();
    back.cut();
    pair.connection = pair.dialer.session().connection();
    pair.connect();
    assertThat(pair.dialer.session().isOpen()).isTrue();
  }

  static List<Frame> framesOutOfTurn() {
    return List.of(
        new Frame.Welcome(Frames.BOB, 1, 0, 0L, 0, null, 0),
        Frames.received(0, null, Frames.text("x"), Lease.UNPOOLED),
        new Frame.Ack(0, 0, 0, 0),
        new Frame.Reject(0, 3, ""),
        new Frame.AppliesAtEnd(false),
        new Frame.Fin(0, 0),
        new Frame.FinAck(0, 0),
        new Frame.Bye());
  }

  @ParameterizedTest
  @MethodSource("framesOutOfTurn")
  void whatComesBeforeTheGreetingIsRefused(Frame frame) {
    Session session = Pair.duplex().dialer.start();
    session.onDial(1, null, 0);
    session.onFrame(1, frame, 0);
    assertThat(session.failure())
        .isNotNull()
        .extracting(SessionFailure::code)
        .isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void aSecondHelloAndASecondWelcomeAreRefused() {
    Pair first = Pair.duplex().connect();
    first.acceptor.session().onFrame(1, hello(first, 1), first.now);
    assertThat(first.acceptor.failureCode()).isEqualTo(Code.INVALID_ARGUMENT);
    Pair second = Pair.duplex().connect();
    Frame welcome = second.dialer.lastSent(Frame.Welcome.class);
    second.acceptor.session().onFrame(1, welcome, second.now);
    assertThat(second.acceptor.failureCode()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void skippedFramesAndStrayPongsChangeNothing() {
    Pair pair = Pair.duplex().connect();
    pair.acceptor.session().onFrame(1, new Frame.Skipped(200), pair.now);
    pair.acceptor.session().onFrame(1, new Frame.Pong(99), pair.now);
    pair.settle();
    assertThat(pair.acceptor.session().isOpen()).isTrue();
  }

  @Test
  void aStrangerWhoGreetsWithGarbageEndsTheSession() {
    Session session = Pair.duplex().dialer.start();
    session.onDial(1, null, 0);
    session.onGarbage(1, new ProtocolException(Code.INVALID_ARGUMENT, "no Hostpipe"));
    assertThat(session.failure())
        .isNotNull()
        .extracting(SessionFailure::code)
        .isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void damageOnALinkCostsOnlyTheLink() {
    Pair pair = Pair.duplex().connect();
    pair.dialer.session().onGarbage(1, new ProtocolException(Code.INVALID_ARGUMENT, "damaged"));
    assertThat(pair.dialer.session().failure()).isNull();
    assertThat(pair.dialer.session().linkIsToClose()).isTrue();
    assertThat(pair.dialer.session().linkFault()).isEqualTo("damaged");
  }

  @Test
  void damageInALaterGreetingCostsOnlyTheLink() {
    Pair pair = Pair.duplex().connect().cut();
    pair.dialer.session().onDial(2, null, pair.now);
    pair.dialer.session().onGarbage(2, new ProtocolException(Code.INVALID_ARGUMENT, "damaged"));
    assertThat(pair.dialer.session().failure()).isNull();
    assertThat(pair.dialer.session().linkIsToClose()).isTrue();
  }

  @Test
  void aPeerThatOnlySendsIsNotWrittenTo() {
    Pair pair = Pair.duplex();
    pair.acceptor.receives = false;
    pair.connect();
    pair.dialer.session().finish();
    pair.settle();
    assertThat(pair.dialer.session().wantsToSend(pair.now)).isFalse();
    assertThat(pair.dialer.session().outgoingFinished()).isTrue();
  }

  @Test
  void bytesForAPeerThatOnlySendsAreRefused() {
    Pair pair = Pair.duplex();
    pair.acceptor.receives = false;
    pair.connect();
    pair.dialer.send("nobody reads this");
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(pair.dialer.memory.outCount()).isZero();
  }

  private static Frame.Hello hello(Pair pair, long connection) {
    Frame.Hello last = pair.dialer.lastSent(Frame.Hello.class);
    return new Frame.Hello(
        last.versionMin(),
        last.versionMax(),
        last.sends(),
        last.receives(),
        last.ackLevel(),
        last.encoding(),
        last.instance(),
        connection,
        last.name(),
        last.stream(),
        last.positioned(),
        last.heldFrom(),
        last.next(),
        last.epoch(),
        last.keepsLink());
  }

  /** A dialing sender meets a receiver that answers with this WELCOME. */
  static void greet(Session session, long connection, Frame.Welcome welcome) {
    session.onDial(connection, null, 0);
    Frame.Hello hello =
        new Frame.Hello(
            1,
            1,
            false,
            true,
            Frame.AckLevel.APPLIED,
            "raw",
            Frames.BOB,
            connection,
            "orders",
            "unused",
            false,
            0,
            0,
            0,
            false);
    session.onFrame(connection, hello, 0);
    session.onFrame(connection, welcome, 0);
    Transmit transmit = new Transmit();
    session.poll(transmit, 0);
    transmit.clear();
  }
}
