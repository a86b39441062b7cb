package io.hostpipe.session;

import static org.assertj.core.api.Assertions.assertThat;

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
    Side second = new Side("stream-1", 0xC);
    second.receives = false;
    second.takesOver = true;
    Pair taken = new Pair(second, pair.acceptor).connect();
    assertThat(taken.dialer.session().isOpen()).isTrue();
    assertThat(offered(pair, pair.dialer.instance, 7, 0, true))
        .isNotNull()
        .extracting(SessionFailure::code)
        .isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(pair.acceptor.session().isOpen()).isTrue();
  }

  @Test
  void aPeerIsNotToldThatItWasReplacedByItself() {
    Pair pair = Pair.oneWay().connect().cut();
    Session receiver = pair.acceptor.session();
    receiver.onDial(receiver.connection() + 1, null, pair.now);
    assertThat(offered(pair, pair.dialer.instance, 2, 1, true)).isNull();
    assertThat(receiver.takeFarewell()).isNull();
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
