package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Whom a receiver takes for the writer, when greetings are heard later than they were said. */
final class SessionWriterTest {
  private static final Frame.Id OTHER = new Frame.Id(0xC, 1);

  @Test
  void aWriterIsNotReplacedByTheGreetingOfOneThatNeverAnswers() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("one");
    pair.settle().acceptor.apply(pair.now);
    pair.settle().cut();
    assertThat(offered(pair, OTHER, 1, 0, false)).isNull();
    Session receiver = pair.acceptor.session();
    receiver.onLinkDown(receiver.connection(), pair.now);
    pair.dialer.send("two");
    pair.connect();
    assertThat(pair.dialer.session().failure()).isNull();
    assertThat(pair.acceptor.apply(pair.now)).isEqualTo("onetwo");
    assertThat(pair.dialer.session().outgoing().epoch()).isEqualTo(3);
    pair.dialer.session().finish();
    assertThat(pair.settle().acceptor.failureCode()).isZero();
    assertThat(pair.dialer.session().outgoingFinished()).isTrue();
  }

  @Test
  void aWriterThatComesBackWhileAnotherOneGreetsIsToldToWait() {
    Pair pair = Pair.oneWay().connect().cut();
    assertThat(offered(pair, OTHER, 1, 0, false)).isNull();
    assertThat(offered(pair, pair.dialer.instance, 2, 1, false))
        .isNotNull()
        .extracting(SessionFailure::code)
        .isEqualTo(Code.ALREADY_EXISTS);
  }

  @Test
  void aWriterThatWasReplacedIsKnownThoughItsGreetingIsFromBeforeItHadAnEpoch() {
    Pair pair = Pair.oneWay().connect();
    Side second = writer("stream-1", 0xC);
    second.takesOver = true;
    Pair taken = new Pair(second, pair.acceptor).connect();
    assertThat(taken.dialer.session().isOpen()).isTrue();
    assertThat(offered(pair, pair.dialer.instance, 7, 0, true))
        .isNotNull()
        .extracting(SessionFailure::code)
        .isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(pair.acceptor.session().isOpen()).isTrue();
  }

  /** Seed 546189 of the simulator, in November 2026. */
  @Test
  void aWriterWhoseGreetingBreaksTwiceIsNotTakenForOneThatWasReplaced() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("one");
    pair.settle().acceptor.apply(pair.now);
    pair.settle().cut();
    Side second = writer("stream-1", 0xC);
    Pair next = new Pair(second, pair.acceptor);
    next.cutBefore(answerOf(second)).connect();
    assertThat(second.session().outgoing().epoch()).isEqualTo(2);
    next.cutBefore(answerOf(pair.acceptor)).connect();
    next.connect();
    assertThat(next.refusal).isNull();
    assertThat(second.failureReason()).isEmpty();
    assertThat(second.session().isOpen()).isTrue();
    second.send("two");
    assertThat(next.settle().acceptor.apply(next.now)).isEqualTo("onetwo");
    assertThat(offered(pair, pair.dialer.instance, 9, 1, false))
        .isNotNull()
        .extracting(SessionFailure::code)
        .isEqualTo(Code.FAILED_PRECONDITION);
  }

  @Test
  void whatAWriterHasSentIsOfItsEpochThoughAnotherOneGreets() {
    Pair pair = Pair.oneWay().connect();
    pair.dialer.send("one");
    pair.settle().cut();
    assertThat(offered(pair, OTHER, 1, 0, false)).isNull();
    Session receiver = pair.acceptor.session();
    assertThat(receiver.incoming().epoch()).isEqualTo(1);
    receiver.onLinkDown(receiver.connection(), pair.now);
    pair.connect();
    assertThat(receiver.incoming().epoch()).isEqualTo(3);
  }

  @Test
  void aStreamWhoseWriterNeverAnsweredKeepsNoOtherOneOut() {
    Side held = receiver();
    held.spooled()
        .remember(new SessionConfig.InboundStart("stream-1", 7, 3, Side.digest("old"), null));
    Side first = writer("stream-1", 0xC);
    Pair greeted = new Pair(first, held);
    greeted.cutBefore(answerOf(first)).connect();
    assertThat(first.session().outgoing().startPosition()).isEqualTo(3);
    assertThat(held.session().incoming().stream()).isNull();
    Side second = writer("stream-2", 0xD);
    Pair pair = new Pair(second, held).connect();
    second.send("new");
    assertThat(pair.settle().acceptor.apply(pair.now)).isEqualTo("new");
    assertThat(held.session().incoming().stream()).isEqualTo("stream-2");
    assertThat(second.session().outgoing().startPosition()).isZero();
    greeted.connect();
    assertThat(greeted.refusal).extracting(SessionFailure::code).isEqualTo(Code.ALREADY_EXISTS);
  }

  @Test
  void whoNamesAnEpochThatNoneCanFollowIsRefused() {
    Pair pair = Pair.oneWay();
    assertThat(offered(pair, OTHER, 1, FrameCodec.EPOCH_MAX, false))
        .isNotNull()
        .extracting(SessionFailure::code)
        .isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(pair.connect().dialer.session().isOpen()).isTrue();
  }

  @Test
  void aPeerIsNotToldThatItWasReplacedByItself() {
    Pair pair = Pair.oneWay().connect().cut();
    Session receiver = pair.acceptor.session();
    receiver.onDial(receiver.connection() + 1, null, pair.now);
    assertThat(offered(pair, pair.dialer.instance, 2, 1, true)).isNull();
    assertThat(receiver.takeFarewell()).isNull();
  }

  private static Side writer(String stream, long id) {
    Side writer = new Side(stream, id);
    writer.receives = false;
    return writer;
  }

  private static Side receiver() {
    Side receiver = new Side("unused", 0xB);
    receiver.sends = false;
    return receiver;
  }

  /** The WELCOME that this side says last, on the link that breaks there. */
  private static Predicate<Frame> answerOf(Side side) {
    return frame -> frame instanceof Frame.Welcome && side.sent.getLast().equals(frame);
  }

  /** What the receiver answers to a writer's greeting on a new link. */
  private static @Nullable SessionFailure offered(
      Pair pair, Frame.Id instance, long connection, long epoch, boolean takesOver) {
    Frame.Hello hello =
        new Frame.Hello(
            FrameCodec.VERSION,
            FrameCodec.VERSION,
            true,
            false,
            Frame.AckLevel.APPLIED,
            "raw",
            instance,
            connection,
            "orders",
            "stream-1",
            false,
            0,
            0,
            epoch,
            false,
            takesOver,
            null,
            0);
    return pair.acceptor.session().onAccept(hello, null, pair.now);
  }
}
