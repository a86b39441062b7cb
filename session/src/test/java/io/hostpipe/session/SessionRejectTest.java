package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Messages that the sink refused: docs/PROTOCOL.md, section 7. */
final class SessionRejectTest {
  @Test
  void aRejectionIsKnownBeforeTheAcknowledgementPassesIt() {
    Pair pair = sent(1);
    reject(pair, 1);
    pair.acceptor.apply(pair.now);
    pair.settle();
    assertThat(pair.acceptor.sent.subList(2, 4))
        .hasExactlyElementsOfTypes(Frame.Reject.class, Frame.Ack.class);
    assertThat(pair.dialer.rejects()).containsExactly(new Frame.Reject(1, 3, "bad"));
  }

  @Test
  void rejectionsAreToldOnceAcrossReconnects() {
    Pair pair = sent(3);
    reject(pair, 1);
    reject(pair, 2);
    pair.settle();
    assertThat(positions(pair.dialer)).containsExactly(1L, 2L);
    reject(pair, 3);
    pair.cutBefore(Frame.Reject.class).settle();
    assertThat(positions(pair.dialer)).isEmpty();
    pair.connect().connect();
    assertThat(positions(pair.dialer)).containsExactly(3L);
  }

  @Test
  void aNewWriterHearsOfRejectionsThatTheOldOneMayHaveMissed() {
    Pair pair = sent(2);
    reject(pair, 1);
    pair.acceptor.apply(pair.now);
    pair.cutBefore(Frame.Reject.class).settle();
    Side second = new Side("stream-1", 0xC);
    second.receives = false;
    new Pair(second, pair.acceptor).connect();
    assertThat(positions(second)).containsExactly(1L);
  }

  @Test
  void aRejectionOfWhatWasNotSentIsRefused() {
    Pair pair = sent(1);
    pair.dialer.session().onFrame(1, new Frame.Reject(2, 3, "bad"), pair.now);
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void manyRejectionsGoOutBeforeTheAcknowledgementHoweverLongTheyAre() {
    Pair pair = sent(500);
    for (int position = 1; position <= 500; position++) {
      pair.acceptor.session().onRejected(position, Code.INVALID_ARGUMENT, "x".repeat(1000));
    }
    pair.acceptor.apply(pair.now);
    pair.pass(Side.ACK_DELAY);
    assertThat(positions(pair.dialer)).hasSize(500).isSorted();
    assertThat(pair.dialer.session().outgoing().applied()).isEqualTo(500);
    List<Frame> said = pair.acceptor.sent;
    assertThat(said.indexOf(pair.acceptor.lastSent(Frame.Reject.class)))
        .isLessThan(said.indexOf(pair.acceptor.sent(Frame.Ack.class).getFirst()));
  }

  @Test
  void anAcknowledgementForWhichThereWasNoRoomIsNotForgotten() {
    for (int count = 80; count < 120; count++) {
      Pair pair = sent(count);
      for (int position = 1; position <= count; position++) {
        pair.acceptor.session().onRejected(position, Code.INVALID_ARGUMENT, "x".repeat(1000));
      }
      pair.acceptor.apply(pair.now);
      pair.pass(2 * Side.ACK_DELAY);
      assertThat(pair.dialer.session().outgoing().applied()).isEqualTo(count);
    }
  }

  @Test
  void theFinAckComesBehindTheRejections() {
    Pair pair = sent(2);
    pair.dialer.session().finish();
    pair.settle();
    reject(pair, 2);
    pair.acceptor.apply(pair.now);
    pair.settle();
    assertThat(pair.dialer.session().isComplete()).isTrue();
    assertThat(positions(pair.dialer)).containsExactly(2L);
  }

  @Test
  void confirmedRejectionsAreNotKept() {
    Pair pair = sent(5000);
    for (int position = 1; position <= 5000; position++) {
      reject(pair, position);
    }
    pair.settle();
    assertThat(pair.acceptor.sent(Frame.Ping.class)).isNotEmpty();
    pair.connect();
    assertThat(pair.acceptor.sent(Frame.Reject.class)).hasSizeLessThan(5000 + 1100);
    assertThat(positions(pair.dialer)).hasSize(5000);
  }

  @Test
  void aConfirmationThatWasLostIsAskedForAgain() {
    Pair pair = sent(3000);
    for (int position = 1; position <= 3000; position++) {
      reject(pair, position);
    }
    pair.cutBefore(Frame.Pong.class).settle();
    pair.connect();
    assertThat(positions(pair.dialer)).hasSize(3000).isSorted();
    pair.connect();
    assertThat(positions(pair.dialer)).isEmpty();
  }

  @Test
  void theHostIsToldWhenNoMoreFit() {
    Pair pair = sent(65_536);
    Session receiver = pair.acceptor.session();
    pair.cut();
    for (int position = 1; position <= 65_536; position++) {
      assertThat(receiver.incoming().takesRejects()).isTrue();
      receiver.onRejected(position, Code.INVALID_ARGUMENT, "bad");
    }
    assertThat(receiver.incoming().takesRejects()).isFalse();
    pair.connect();
    assertThat(receiver.incoming().takesRejects()).isTrue();
    assertThat(pair.dialer.rejects()).hasSize(65_536);
  }

  @Test
  void aSenderThatTakesNoRejectionsIsNotMadeToHoldMoreAndMoreOfThem() {
    int more = 100;
    Pair pair = sent(Outbound.REJECTS_COUNT_MAX + more);
    pair.acceptor.take(pair.now);
    pair.settle();
    for (int position = 1; position <= Outbound.REJECTS_COUNT_MAX + more; position++) {
      reject(pair, position);
      if (position % 1_000 == 0) {
        pair.settle();
      }
    }
    pair.settle();
    assertThat(pair.linked()).isFalse();
    assertThat(pair.dialer.failureCode()).isZero();
    assertThat(positions(pair.dialer)).hasSize(Outbound.REJECTS_COUNT_MAX);
    pair.connect();
    assertThat(positions(pair.dialer)).hasSize(more).isSorted();
  }

  /** A pair of which the receiver has so many messages of one byte. */
  private static Pair sent(int count) {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("x".repeat(count));
    return pair.settle();
  }

  private static void reject(Pair pair, long endPosition) {
    pair.acceptor.session().onRejected(endPosition, Code.INVALID_ARGUMENT, "bad");
  }

  private static List<Long> positions(Side side) {
    return side.rejects().stream().map(Frame.Reject::endPosition).toList();
  }
}
