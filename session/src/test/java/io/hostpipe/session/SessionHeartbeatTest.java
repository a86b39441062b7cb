package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signs of life: docs/PROTOCOL.md, section 10. */
final class SessionHeartbeatTest {
  @Test
  void aQuietLinkLivesByUnaskedSignsOfLife() {
    Pair pair = Pair.duplex().connect().pass(20 * Side.HEARTBEAT);
    assertThat(pair.dialer.session().isOpen()).isTrue();
    assertThat(pair.acceptor.session().isOpen()).isTrue();
    assertThat(pair.dialer.sent(Frame.Pong.class)).hasSizeBetween(15, 21);
    assertThat(pair.acceptor.sent(Frame.Pong.class)).hasSizeBetween(15, 21);
    assertThat(pair.dialer.sent(Frame.Ping.class)).isEmpty();
  }

  @Test
  void whoHasNothingToSaySaysThatItLives() {
    Pair pair = Pair.oneWay().connect();
    Session receiver = pair.acceptor.session();
    int said = pair.acceptor.sent.size();
    for (int beat = 0; beat < 10; beat++) {
      // Bytes of a frame that is not whole yet: the receiver cannot answer anything.
      pair.now += Side.HEARTBEAT;
      receiver.onBytes(1, pair.now);
      receiver.onTime(pair.now);
      assertThat(receiver.poll(pair.acceptor.transmit, pair.now)).isTrue();
      pair.acceptor.transmit.clear();
    }
    assertThat(pair.acceptor.sent).hasSize(said);
    assertThat(receiver.isOpen()).isTrue();
  }

  @Test
  void aSilentPeerIsDeadAfterThreeHeartbeats() {
    Session session = open();
    long now = tick(session, 0, 2 * Side.HEARTBEAT);
    assertThat(session.linkIsToClose()).isFalse();
    tick(session, now, 2 * Side.HEARTBEAT);
    assertThat(session.linkIsToClose()).isTrue();
    assertThat(session.failure()).isNull();
    assertThat(session.linkFault()).contains("silent for 3 heartbeats");
  }

  @Test
  void anyByteIsASignOfLife() {
    Session session = open();
    long now = 0;
    for (int i = 0; i < 10; i++) {
      now = tick(session, now, 2 * Side.HEARTBEAT);
      session.onBytes(1, now);
    }
    assertThat(session.isOpen()).isTrue();
    assertThat(session.linkIsToClose()).isFalse();
  }

  @Test
  void bytesOfAnOlderLinkAreNoSignOfLife() {
    Session session = open();
    long now = 0;
    for (int i = 0; i < 4; i++) {
      now = tick(session, now, Side.HEARTBEAT);
      session.onBytes(0, now);
    }
    assertThat(session.linkIsToClose()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 100})
  void aSuspensionOfItsOwnProvesNothingAboutThePeer(long heartbeats) {
    Session session = open();
    long now = tick(session, 0, 2 * Side.HEARTBEAT - 1);
    now += heartbeats * Side.HEARTBEAT - 1;
    session.onTime(now);
    assertThat(session.linkIsToClose()).isFalse();
    tick(session, now, 4 * Side.HEARTBEAT);
    assertThat(session.linkIsToClose()).isTrue();
  }

  @Test
  void aPingIsAnsweredWithItsNonce() {
    Pair pair = Pair.duplex().connect();
    pair.dialer.session().onFrame(1, new Frame.Ping(77), pair.now);
    pair.settle();
    assertThat(pair.dialer.sent(Frame.Pong.class)).containsExactly(new Frame.Pong(77));
  }

  @Test
  void aGreetingThatIsNotAnsweredIsGivenUp() {
    Session session = Pair.duplex().dialer.start();
    session.onDial(1, null, 0);
    session.onTime(Side.HANDSHAKE - 1);
    assertThat(session.linkIsToClose()).isFalse();
    assertThat(session.deadlineNanos()).isEqualTo(Side.HANDSHAKE);
    session.onTime(Side.HANDSHAKE);
    session.poll(new Transmit(), Side.HANDSHAKE);
    assertThat(session.linkIsToClose()).isTrue();
    assertThat(session.failure()).isNull();
    assertThat(session.linkFault()).contains("did not answer the greeting");
  }

  /** Seed 516729 of the simulator, in November 2026. */
  @Test
  void whoWasAwayWhenAGreetingRanOutHearsWhatCameMeanwhile() {
    Session session = Pair.duplex().dialer.start();
    session.onDial(1, null, 0);
    long late = Side.HANDSHAKE + Side.HEARTBEAT / 10;
    session.onTime(late);
    assertThat(session.linkIsToClose()).isFalse();
    tick(session, late, Side.HEARTBEAT / 2 - 1);
    assertThat(session.linkIsToClose()).isFalse();
    // Once: a machine that is always late gives greetings up, too.
    session.onTime(late + Side.HEARTBEAT);
    assertThat(session.linkIsToClose()).isTrue();
  }

  @Test
  void withoutALinkThereIsNothingToWaitFor() {
    Pair pair = Pair.duplex().connect().cut();
    assertThat(pair.dialer.session().deadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  /** A dialing sender on an open link at time 0. */
  private static Session open() {
    Session session = Pair.oneWay().dialer.start();
    SessionGreetingTest.greet(session, 1, new Frame.Welcome(Frames.BOB, 1, 0, 0L, 100, null, 0));
    assertThat(session.isOpen()).isTrue();
    return session;
  }

  /** Calls for so long whenever the session wants to be called. */
  private static long tick(Session session, long now, long nanos) {
    Transmit transmit = new Transmit();
    long end = now + nanos;
    long at = now;
    while (at < end) {
      at = Math.max(at + 1, Math.min(end, session.deadlineNanos()));
      session.onTime(at);
      session.poll(transmit, at);
      transmit.clear();
    }
    return at;
  }
}
