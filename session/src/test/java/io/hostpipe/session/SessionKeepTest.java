package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When a link may carry another pipe: docs/PROTOCOL.md, section 11. */
final class SessionKeepTest {
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aLinkIsKeptWhenBothSidesOfferItAndTheStreamsEndedOnIt(boolean duplex) {
    Pair pair = keeping(duplex ? Pair.duplex() : Pair.oneWay()).connect();
    pair.dialer.send("there");
    pair.dialer.session().finish();
    if (duplex) {
      pair.acceptor.send("back");
      pair.acceptor.session().finish();
    }
    pair.settle();
    assertThat(pair.kept).isFalse();
    pair.acceptor.apply(pair.now);
    if (duplex) {
      pair.dialer.apply(pair.now);
    }
    pair.settle();
    assertThat(pair.kept).isTrue();
    assertThat(pair.dialer.session().isComplete()).isTrue();
    assertThat(pair.acceptor.session().isComplete()).isTrue();
    assertThat(pair.dialer.sent.getLast()).isInstanceOf(Frame.Bye.class);
    assertThat(pair.acceptor.sent.getLast()).isInstanceOf(Frame.Bye.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSideThatDoesNotOfferItClosesAsEver(boolean dialerOffers) {
    Pair pair = Pair.oneWay();
    pair.dialer.keepsLinks = dialerOffers;
    pair.acceptor.keepsLinks = !dialerOffers;
    pair.connect();
    finish(pair);
    assertThat(pair.kept).isFalse();
    assertThat(pair.linked()).isFalse();
    assertThat(pair.dialer.session().isComplete()).isTrue();
  }

  @Test
  void aLinkWhereAnEndIsConfirmedForTheSecondTimeIsNotKept() {
    Pair pair = keeping(Pair.oneWay()).connect();
    pair.cutBefore(Frame.FinAck.class);
    finish(pair);
    assertThat(pair.linked()).isFalse();
    pair.connect();
    assertThat(pair.acceptor.lastSent(Frame.Hello.class).keepsLink()).isFalse();
    assertThat(pair.dialer.session().isComplete()).isTrue();
    assertThat(pair.kept).isFalse();
  }

  @Test
  void aLinkThatResumedAStreamIsKeptAsAnyOther() {
    Pair pair = keeping(Pair.oneWay()).connect();
    pair.dialer.send("abc");
    pair.settle().cut();
    pair.connect();
    finish(pair);
    assertThat(pair.kept).isTrue();
  }

  @Test
  void aByeThatWasLostIsSaidAgainOnALinkThatIsNotKept() {
    Pair pair = keeping(Pair.duplex());
    pair.cutBefore(Frame.Bye.class);
    pair.connect();
    pair.acceptor.session().finish();
    pair.dialer.session().finish();
    pair.settle();
    assertThat(pair.linked()).isFalse();
    assertThat(pair.dialer.session().isComplete()).isFalse();
    assertThat(pair.acceptor.session().isComplete()).isFalse();
    pair.connect();
    assertThat(pair.dialer.session().isComplete()).isTrue();
    assertThat(pair.acceptor.session().isComplete()).isTrue();
    assertThat(pair.kept).isFalse();
  }

  @Test
  void whoSpeaksOnBehindTheByeLosesTheLinkButNotThePipe() {
    Session session = receiverThatHeardTheLastBye();
    session.onFrame(1, new Frame.Ping(7), 0);
    assertThat(session.failure()).isNull();
    assertThat(session.linkIsDropped()).isTrue();
    assertThat(session.linkIsKept()).isFalse();
    assertThat(session.linkFault()).contains("behind its BYE");
  }

  @Test
  void aKeptLinkSaysNoSignsOfLifeAndNoFarewell() {
    Session session = receiverThatHeardTheLastBye();
    Transmit transmit = new Transmit();
    assertThat(session.poll(transmit, 0)).isTrue();
    transmit.clear();
    assertThat(session.linkIsKept()).isTrue();
    session.onTime(2 * Side.HEARTBEAT);
    session.abort("too late");
    assertThat(session.wantsToSend(2 * Side.HEARTBEAT)).isFalse();
    assertThat(session.poll(transmit, 2 * Side.HEARTBEAT)).isFalse();
  }

  @Test
  void aByeWithoutAnAnswerToOurFinEndsThePipe() {
    Pair pair = keeping(Pair.oneWay()).connect();
    pair.dialer.send("abc");
    pair.dialer.session().onFrame(pair.connection, new Frame.Bye(), pair.now);
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  /** Its own BYE is due, and was not sent yet. */
  private static Session receiverThatHeardTheLastBye() {
    Side side = new Side("unused", 0xB);
    side.sends = false;
    side.keepsLinks = true;
    Session session = side.session();
    Frame.Hello hello = Frames.hello();
    assertThat(
            session.onAccept(
                new Frame.Hello(
                    1,
                    1,
                    true,
                    false,
                    Frame.AckLevel.APPLIED,
                    "raw",
                    hello.instance(),
                    1,
                    "orders",
                    "stream-1",
                    false,
                    0,
                    0,
                    0,
                    true),
                null,
                0))
        .isNull();
    Transmit transmit = new Transmit();
    session.poll(transmit, 0);
    transmit.clear();
    session.onFrame(1, new Frame.Welcome(Frames.ALICE, 0, 0, null, 0, null, 0), 0);
    session.onFrame(
        1, Frames.received(0, null, ByteBuffer.wrap(new byte[] {1}), Lease.UNPOOLED), 0);
    session.onFrame(1, new Frame.Fin(1, Side.extend(0, ByteBuffer.wrap(new byte[] {1}))), 0);
    Delivery delivery = session.pollDelivery();
    assertThat(delivery).isNotNull();
    session.onApplied(1, null, 0);
    session.onFrame(1, new Frame.Bye(), 0);
    assertThat(session.failure()).isNull();
    return session;
  }

  private static Pair keeping(Pair pair) {
    pair.dialer.keepsLinks = true;
    pair.acceptor.keepsLinks = true;
    return pair;
  }

  private static void finish(Pair pair) {
    pair.dialer.send("abc");
    pair.dialer.session().finish();
    pair.settle();
    pair.acceptor.apply(pair.now);
    pair.settle();
  }
}
