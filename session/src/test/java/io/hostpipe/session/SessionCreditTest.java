package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** What may be sent, and what is let go of: docs/PROTOCOL.md, section 7. */
final class SessionCreditTest {
  private static final int WINDOW = 64 << 10;

  @Test
  void creditStartsAtTheFirstWindow() {
    Pair pair = Pair.oneWay().connect();
    assertThat(pair.acceptor.lastSent(Frame.Welcome.class).credit()).isEqualTo(WINDOW);
    append(pair.dialer, WINDOW + 1);
    pair.settle();
    assertThat(pair.acceptor.session().incoming().received()).isEqualTo(WINDOW);
    assertThat(pair.dialer.session().wantsToSend(pair.now)).isFalse();
  }

  @Test
  void creditMovesWithWhatTheHostLetsGo() {
    Pair pair = Pair.oneWay().connect();
    append(pair.dialer, 3 * WINDOW);
    pair.settle();
    pair.acceptor.hold();
    pair.settle();
    assertThat(pair.acceptor.session().incoming().received()).isEqualTo(WINDOW);
    pair.acceptor.take(pair.now);
    pair.settle();
    assertThat(pair.acceptor.session().incoming().received()).isEqualTo(3 * WINDOW);
  }

  @Test
  void theWindowDoublesUnderPressureUpToItsLimit() {
    Pair pair = Pair.oneWay();
    pair.acceptor.windowBytesMax = 4 * WINDOW;
    pair.connect();
    for (int round = 0; round < 10; round++) {
      append(pair.dialer, 4 * WINDOW);
      pair.settle();
      pair.acceptor.take(pair.now);
    }
    Inbound in = pair.acceptor.session().incoming();
    assertThat(in.credit() - in.received()).isEqualTo(4 * WINDOW);
  }

  @Test
  void theWindowStaysSmallWithoutPressure() {
    Pair pair = Pair.oneWay().connect();
    for (int round = 0; round < 10; round++) {
      append(pair.dialer, 1000);
      pair.settle();
      pair.acceptor.take(pair.now);
      pair.pass(Side.ACK_DELAY);
    }
    Inbound in = pair.acceptor.session().incoming();
    assertThat(in.credit() - in.received()).isEqualTo(WINDOW);
  }

  @Test
  void theBudgetBoundsTheWindowAndGetsBackWhatItLent() {
    long[] left = {WINDOW};
    Pair pair = Pair.oneWay();
    pair.acceptor.budget =
        new CreditBudget() {
          @Override
          public boolean tryReserve(long bytes) {
            boolean granted = bytes <= left[0];
            left[0] -= granted ? bytes : 0;
            return granted;
          }

          @Override
          public void release(long bytes) {
            left[0] += bytes;
          }
        };
    pair.connect();
    for (int round = 0; round < 10; round++) {
      append(pair.dialer, 4 * WINDOW);
      pair.settle();
      pair.acceptor.take(pair.now);
    }
    Inbound in = pair.acceptor.session().incoming();
    assertThat(in.credit() - in.received()).isEqualTo(2 * WINDOW);
    assertThat(left[0]).isZero();
    pair.acceptor.session().close();
    pair.acceptor.session().close();
    assertThat(left[0]).isEqualTo(WINDOW);
  }

  @Test
  void creditSurvivesAReconnectAndNeverFalls() {
    Pair pair = Pair.oneWay().connect();
    append(pair.dialer, 2 * WINDOW);
    pair.settle();
    pair.acceptor.take(pair.now);
    pair.settle();
    long before = pair.acceptor.session().incoming().credit();
    pair.connect();
    assertThat(pair.acceptor.lastSent(Frame.Welcome.class).credit()).isEqualTo(before);
  }

  @Test
  void dataBeyondTheCreditIsRefused() {
    Pair pair = Pair.oneWay().connect();
    Lease lease = pair.acceptor.memory.lease();
    Frame.Data data = Frames.received(0, null, ByteBuffer.allocate(WINDOW + 1), lease);
    pair.acceptor.session().onFrame(1, data, pair.now);
    assertThat(pair.acceptor.failureCode()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(pair.acceptor.memory.outCount()).isZero();
  }

  @Test
  void acknowledgementsAreAbsoluteAndAnOlderOneTakesNothingBack() {
    Pair pair = Pair.oneWay().connect();
    append(pair.dialer, 1000);
    pair.settle();
    Session sender = pair.dialer.session();
    sender.onFrame(1, new Frame.Ack(900, 0, 800, 70_000), pair.now);
    sender.onFrame(1, new Frame.Ack(500, 0, 400, 60_000), pair.now);
    assertThat(sender.outgoing().received()).isEqualTo(900);
    assertThat(sender.outgoing().applied()).isEqualTo(800);
    append(pair.dialer, 70_000);
    pair.settle();
    assertThat(pair.dialer.lastSent(Frame.Data.class).position()).isLessThan(70_000);
  }

  @Test
  void whatASinkAppliesAtTheEndOnlyIsLetGoOfWhenItWasReceived() {
    Pair pair = Pair.oneWay().connect();
    pair.acceptor.session().onAppliesAtEnd();
    append(pair.dialer, WINDOW);
    pair.settle();
    pair.acceptor.take(pair.now);
    pair.settle();
    Outbound out = pair.dialer.session().outgoing();
    assertThat(out.letGo()).isEqualTo(WINDOW);
    assertThat(out.heldFrom()).isEqualTo(WINDOW);
    assertThat(out.acknowledged()).isZero();
    assertThat(pair.acceptor.sent(Frame.AppliesAtEnd.class)).hasSize(1);
    pair.connect();
    append(pair.dialer, 10);
    pair.dialer.session().finish();
    pair.settle();
    assertThat(pair.acceptor.sent(Frame.AppliesAtEnd.class)).hasSize(2);
    assertThat(pair.dialer.session().outgoingFinished()).isFalse();
    pair.acceptor.apply(pair.now);
    pair.settle();
    assertThat(pair.dialer.session().outgoingFinished()).isTrue();
    assertThat(out.acknowledged()).isEqualTo(WINDOW + 10);
  }

  @Test
  void anAcknowledgementOfWhatWasNotSentIsRefused() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.settle();
    pair.dialer.session().onFrame(1, new Frame.Ack(4, 0, 0, 0), pair.now);
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void appliedCannotPassReceived() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.settle();
    pair.dialer.session().onFrame(1, new Frame.Ack(2, 0, 3, 0), pair.now);
    assertThat(pair.dialer.failureCode()).isEqualTo(Code.INVALID_ARGUMENT);
    Pair own = Pair.oneWay().connect();
    assertThatThrownBy(() -> own.acceptor.session().onApplied(1, null, own.now))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void nothingIsLetGoBeforeItIsApplied() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.dialer.send("def");
    pair.settle();
    pair.acceptor.take(pair.now);
    pair.pass(Side.ACK_DELAY);
    assertThat(pair.dialer.session().outgoing().heldFrom()).isZero();
    pair.acceptor.session().onApplied(5, null, pair.now);
    pair.pass(Side.ACK_DELAY);
    assertThat(pair.dialer.session().outgoing().acknowledged()).isEqualTo(5);
    assertThat(pair.dialer.session().outgoing().heldFrom()).isEqualTo(3);
    assertThat(pair.dialer.memory.outCount()).isEqualTo(1);
  }

  @Test
  void anAcknowledgementWaitsForCompanyOnlySoLong() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.settle();
    pair.acceptor.apply(pair.now);
    pair.settle();
    assertThat(pair.acceptor.sent(Frame.Ack.class)).isEmpty();
    pair.pass(Side.ACK_DELAY);
    assertThat(pair.acceptor.sent(Frame.Ack.class))
        .containsExactly(new Frame.Ack(3, 0, 3, WINDOW + 3));
  }

  @Test
  void anAcknowledgementThatIsDueAndCannotBeWrittenYetIsNoDeadline() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.settle();
    Session receiver = pair.acceptor.session();
    pair.acceptor.apply(pair.now);
    receiver.onTime(pair.now + Side.ACK_DELAY);
    assertThat(receiver.deadlineNanos()).isGreaterThan(pair.now + Side.ACK_DELAY);
    assertThat(receiver.wantsToSend(pair.now + Side.ACK_DELAY)).isTrue();
  }

  @Test
  void anAcknowledgementGoesOutBeforeTheHostWaits() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.settle();
    pair.acceptor.apply(pair.now);
    pair.acceptor.session().flushAcks();
    pair.settle();
    assertThat(pair.acceptor.sent(Frame.Ack.class)).hasSize(1);
  }

  @Test
  void creditAloneIsToldWhenItIsAQuarterWindowOrOnTheWay() {
    Pair pair = Pair.oneWay().connect();
    append(pair.dialer, WINDOW / 4 - 1);
    pair.settle();
    pair.acceptor.take(pair.now);
    pair.acceptor.session().flushAcks();
    pair.settle();
    pair.pass(Side.ACK_DELAY);
    assertThat(pair.acceptor.sent(Frame.Ack.class)).isEmpty();
    pair.dialer.send("a");
    pair.settle();
    pair.acceptor.take(pair.now);
    pair.settle();
    assertThat(pair.acceptor.sent(Frame.Ack.class)).hasSize(1);
  }

  @Test
  void anAcknowledgementOfAQuarterWindowDoesNotWait() {
    Pair pair = Pair.oneWay().connect();
    append(pair.dialer, WINDOW / 4);
    pair.settle();
    pair.acceptor.apply(pair.now);
    pair.settle();
    assertThat(pair.acceptor.sent(Frame.Ack.class)).hasSize(1);
  }

  @Test
  void anAcknowledgementTravelsWithDataOfTheOtherDirection() {
    Pair pair = Pair.duplex().connect();
    pair.dialer.send("ask");
    pair.settle();
    pair.acceptor.apply(pair.now);
    pair.acceptor.send("answer");
    pair.settle();
    assertThat(pair.acceptor.sent(Frame.Ack.class)).hasSize(1);
  }

  @Test
  void whoReceivesNothingAcknowledgesNothing() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("abc");
    pair.settle().pass(Side.ACK_DELAY);
    assertThat(pair.dialer.sent(Frame.Ack.class)).isEmpty();
  }

  @Test
  void aTinyWindowWorksToo() {
    Pair pair = Pair.oneWay();
    pair.acceptor.windowBytesMin = 1;
    pair.acceptor.windowBytesMax = 3;
    pair.connect();
    pair.dialer.send("abcdef");
    for (int round = 0; round < 10; round++) {
      pair.settle().acceptor.apply(pair.now);
    }
    assertThat(pair.settle().dialer.session().outgoing().applied()).isEqualTo(6);
  }

  @Test
  void receivedIsEnoughWhereTheSenderAskedForNoMore() {
    Pair pair = Pair.oneWay();
    pair.dialer.ackLevel = Frame.AckLevel.RECEIVED;
    pair.connect();
    pair.dialer.send("abc");
    pair.settle().pass(Side.ACK_DELAY);
    assertThat(pair.dialer.session().outgoing().acknowledged()).isEqualTo(3);
    assertThat(pair.dialer.memory.outCount()).isZero();
  }

  @Test
  void oneWriteTakesNoMoreThanItsLimits() {
    Pair pair = Pair.oneWay();
    pair.acceptor.windowBytesMin = 8 << 20;
    pair.acceptor.windowBytesMax = 8 << 20;
    pair.connect();
    append(pair.dialer, 3 << 20);
    Session sender = pair.dialer.session();
    sender.poll(pair.dialer.transmit, pair.now);
    long bytes = 0;
    for (int index = 0; index < pair.dialer.transmit.bufferCount(); index++) {
      bytes += pair.dialer.transmit.buffers()[index].remaining();
    }
    assertThat(bytes)
        .isBetween((long) Transmit.PAYLOAD_BYTES_MAX, Transmit.PAYLOAD_BYTES_MAX + 100L);
    pair.dialer.transmit.clear();
    pair.connect();
    assertThat(pair.acceptor.session().incoming().received()).isEqualTo(3 << 20);
    for (int i = 0; i < 200; i++) {
      pair.dialer.send("x");
    }
    sender.poll(pair.dialer.transmit, pair.now);
    assertThat(pair.dialer.transmit.bufferCount()).isEqualTo(2 * Transmit.DATA_COUNT_MAX + 1);
    pair.dialer.transmit.clear();
  }

  private static void append(Side side, int bytes) {
    side.session().append(ByteBuffer.allocate(bytes), side.memory.lease(), null);
  }
}
