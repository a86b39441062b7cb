package io.hostpipe.connector.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import io.hostpipe.session.Code;
import io.hostpipe.session.Frame;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.RawPeer;
import io.hostpipe.testkit.links.Ends;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whose bytes count, when several links and several writers want the same stream. */
@Timeout(240)
final class LinkOwnershipTest {
  private static final int STEP_BYTES = 1_000;

  private final Ends ends = TestEnds.tcp();
  private Listener listener;

  @BeforeEach
  void listen() throws Exception {
    listener = ends.listen("name", ends.raw().withDirections(false, true));
  }

  @AfterEach
  void closeAll() {
    ends.close();
  }

  /** Fault 6. */
  @Test
  void whatAnOldLinkSaysAfterAResumeIsIgnored() throws Exception {
    try (RawPeer old = dial();
        RawPeer fresh = dial()) {
      assertThat(old.greet(hello().connection(1).build()).position()).isZero();
      old.sendData(0, Ends.bytesAt(0, STEP_BYTES));
      Source source = ends.accept(listener).source();
      assertThat(Ends.receiveUpTo(source, STEP_BYTES)).isEqualTo(STEP_BYTES);
      assertThat(fresh.greet(hello().connection(2).build()).position()).isEqualTo(STEP_BYTES);
      try {
        old.sendData(STEP_BYTES, new byte[STEP_BYTES]);
      } catch (IOException e) {
        // It was told by a reset that nobody listens any more: as good.
      }
      fresh.sendData(STEP_BYTES, Ends.bytesAt(STEP_BYTES, STEP_BYTES));
      assertThat(Ends.receiveUpTo(source, 2 * STEP_BYTES)).isEqualTo(2 * STEP_BYTES);
      old.drain();
    }
  }

  /** Fault 7: at every change the old link still speaks while the new one greets. */
  @Test
  void aStreamGoesOnWhereTheWelcomeOfTheNewestLinkSays() throws Exception {
    try (RawPeer first = dial()) {
      first.greet(hello().connection(1).build());
      first.sendData(0, Ends.bytesAt(0, STEP_BYTES));
      Source source = ends.accept(listener).source();
      InParallel<Long> received = InParallel.run(() -> Ends.receiveAll(source));
      RawPeer current = first;
      long position = STEP_BYTES;
      for (int link = 2; link <= 100; link++) {
        current.sendData(position, Ends.bytesAt(position, STEP_BYTES));
        RawPeer next = dial();
        position = next.greet(hello().connection(link).build()).position();
        current.close();
        current = next;
        current.sendData(position, Ends.bytesAt(position, STEP_BYTES));
        position += STEP_BYTES;
      }
      current.send(new Frame.Abort(position, "enough"));
      assertThat(received.failure()).isInstanceOf(PipeException.Closed.class);
      current.close();
      assertThat(position).isBetween(100L * STEP_BYTES, 200L * STEP_BYTES);
    }
  }

  /** Fault 7. */
  @Test
  void aLinkWithALowerNumberIsRefusedAndHarmsNothing() throws Exception {
    try (RawPeer current = dial();
        RawPeer late = dial()) {
      current.greet(hello().connection(5).build());
      late.send(hello().connection(4).build());
      assertThat(late.next(Frame.Failure.class).code()).isEqualTo(Code.ABORTED);
      current.sendData(0, Ends.bytesAt(0, STEP_BYTES));
      Source source = ends.accept(listener).source();
      assertThat(Ends.receiveUpTo(source, STEP_BYTES)).isEqualTo(STEP_BYTES);
    }
  }

  /** Fault 8. */
  @Test
  void aSecondWriterIsRefusedWhileTheFirstLivesAndGetsTheNextEpochAfterwards() throws Exception {
    try (RawPeer first = dial();
        RawPeer early = dial()) {
      assertThat(first.greet(hello().instance(1).build()).epoch()).isEqualTo(1);
      first.sendData(0, Ends.bytesAt(0, STEP_BYTES));
      Source source = ends.accept(listener).source();
      assertThat(Ends.receiveUpTo(source, STEP_BYTES)).isEqualTo(STEP_BYTES);
      early.send(hello().instance(2).build());
      assertThat(early.next(Frame.Failure.class).code()).isEqualTo(Code.ALREADY_EXISTS);
      first.reset();
      Frame.Welcome welcome = welcomeOf(2);
      assertThat(welcome.epoch()).isEqualTo(2);
      assertThat(welcome.position()).isEqualTo(STEP_BYTES);
    }
  }

  /** Fault 8, by the library on both sides. */
  @Test
  void aSecondSenderOfAStreamIsToldThatThereIsOne() throws Exception {
    RetryPolicy shortly =
        new RetryPolicy(Duration.ofSeconds(60), 2, Duration.ofMillis(1), Duration.ofMillis(5));
    PipeContext context = ends.raw().withDirections(true, false).withStream(new StreamId("backup"));
    Pipe first = ends.dial(listener.address().port(), "name", context);
    Ends.send(first.sink(), STEP_BYTES);
    Source source = ends.accept(listener).source();
    Pipe second = ends.dial(listener.address().port(), "name", context.withRetry(shortly));
    Throwable refusal = InParallel.run(() -> Ends.send(second.sink(), STEP_BYTES)).failure();
    assertThat(refusal)
        .isInstanceOfSatisfying(
            PipeException.Unreachable.class,
            e -> assertThat(e.status()).isEqualTo(Status.ALREADY_EXISTS));
    Ends.send(first.sink(), STEP_BYTES);
    assertThat(Ends.receiveUpTo(source, 2 * STEP_BYTES)).isEqualTo(2 * STEP_BYTES);
  }

  /** Fault 8: the first sender is cut off, a second takes its place, and the first comes back. */
  @Test
  void aReplacedSenderDoesNotGetItsStreamBack() throws Exception {
    PipeContext context = ends.raw().withDirections(true, false).withStream(new StreamId("backup"));
    FaultProxy proxy = ends.proxyTo(listener);
    Pipe first = ends.dial(proxy.address().getPort(), "name", context);
    Ends.send(first.sink(), STEP_BYTES);
    Source source = ends.accept(listener).source();
    assertThat(Ends.receiveUpTo(source, STEP_BYTES)).isEqualTo(STEP_BYTES);
    proxy.refuse(true);
    proxy.cutNow(Fault.RESET);
    Pipe second = ends.dial(listener.address().port(), "name", context);
    assertThat(second.sink().resume().position()).isEqualTo(STEP_BYTES);
    Ends.send(second.sink(), STEP_BYTES);
    assertThat(Ends.receiveUpTo(source, 2 * STEP_BYTES)).isEqualTo(2 * STEP_BYTES);
    proxy.refuse(false);
    assertThat(InParallel.run(() -> Ends.send(first.sink(), 100L << 20)).failure())
        .isInstanceOf(PipeException.class)
        .hasMessageContaining("replaced");
    second.close();
  }

  private Frame.Welcome welcomeOf(long instance) throws Exception {
    while (true) {
      try (RawPeer second = dial()) {
        second.send(hello().instance(instance).build());
        Frame answer = second.next();
        if (answer instanceof Frame.Hello) {
          return second.next(Frame.Welcome.class);
        }
        // The receiver has not noticed yet that the first one is gone.
        assertThat(answer)
            .isInstanceOfSatisfying(
                Frame.Failure.class, e -> assertThat(e.code()).isEqualTo(Code.ALREADY_EXISTS));
      }
    }
  }

  private RawPeer dial() throws IOException {
    return RawPeer.dial(Ends.at(listener));
  }

  private static RawPeer.HelloParts hello() {
    return RawPeer.hello("name");
  }
}
