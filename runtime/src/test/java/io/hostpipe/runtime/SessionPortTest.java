package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.access.Access;
import io.hostpipe.session.Code;
import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameCodec;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class SessionPortTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  /** For those whose time is to be over. */
  private static final SessionOptions HASTY =
      options(Duration.ofMillis(100), Duration.ofMillis(200));

  private Hosts hosts = new Hosts(options(Duration.ofSeconds(5), Duration.ofMinutes(2)));

  @AfterEach
  void closeAll() throws Exception {
    hosts.close();
    Eventually.holds("every block is given back", () -> hosts.pool.takenBytes() == 0);
  }

  private void beHasty() {
    hosts.close();
    hosts = new Hosts(HASTY);
  }

  @Test
  void whenItCannotAcceptItSaysSoOnceAndLivesOn() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    for (int count = 0; count < 3; count++) {
      hosts.network.failAccept(new IOException("Too many open files"));
    }
    Pipe pipe = hosts.dial("name");
    pipe.send(new byte[1]);
    Pipe taken = hosts.accept(listener);
    assertThat(taken.messages().iterator().next().payload()).hasSize(1);
    assertThat(hosts.listenerTold.lines("warning"))
        .containsExactly(
            "warning cannot take a connection on port 9000: Too many open files; waiting");
  }

  @Test
  void whoSaysNothingIsTurnedAwayWhenHisTimeIsOver() throws Exception {
    beHasty();
    RawPeer silent = RawPeer.dial(hosts.network);
    assertThat(silent.next())
        .isEqualTo(new Frame.Failure(Code.DEADLINE_EXCEEDED, "no HELLO within 200ms"));
    assertThatThrownBy(silent::next).isInstanceOf(IOException.class);
    Eventually.holds("it was told of", () -> !hosts.listenerTold.lines().isEmpty());
    assertThat(hosts.listenerTold.lines())
        .containsExactly("warning dialer-1: no HELLO within 200ms, turned away");
  }

  /** What it said while this process was stopped is read first. */
  @Test
  void aPortThatWasStoppedBlamesNobodyForItsOwnAbsence() throws Exception {
    HandTime time = new HandTime();
    try (Hosts stopped = new Hosts(HASTY, time)) {
      stopped.listen("name", 16);
      RawPeer peer = RawPeer.dial(stopped.network);
      Eventually.holds("its time began", () -> time.alarmCount() == 1);
      time.stop(10_000 * MILLI);
      peer.send(RawPeer.hello("name").build());
      assertThat(peer.next()).isInstanceOf(Frame.Hello.class);
      assertThat(stopped.listenerTold.lines("warning")).isEmpty();
    }
  }

  @Test
  void whoSaysNothingToAPortThatWasStoppedIsTurnedAwayAMomentLater() throws Exception {
    HandTime time = new HandTime();
    try (Hosts stopped = new Hosts(HASTY, time)) {
      RawPeer silent = RawPeer.dial(stopped.network);
      Eventually.holds("its time began", () -> time.alarmCount() == 1);
      time.pass(100 * MILLI);
      time.stop(150 * MILLI);
      assertThat(time.alarmCount()).isEqualTo(1);
      time.pass(50 * MILLI);
      assertThat(silent.next())
          .isEqualTo(new Frame.Failure(Code.DEADLINE_EXCEEDED, "no HELLO within 200ms"));
    }
  }

  @Test
  void whoDripsHisHelloIsTurnedAwayWhenHisTimeIsOver() throws Exception {
    beHasty();
    ByteBuffer hello = ByteBuffer.allocate(FrameCodec.CONTROL_BYTES_MAX);
    FrameCodec.encode(RawPeer.hello("name").build(), hello);
    RawPeer slow = RawPeer.dial(hosts.network);
    slow.sendBytes(hello.flip().slice(0, 20));
    assertThat(slow.next())
        .isEqualTo(new Frame.Failure(Code.DEADLINE_EXCEEDED, "no HELLO within 200ms"));
    assertThatThrownBy(slow::next).isInstanceOf(IOException.class);
    Eventually.holds("it was told of", () -> !hosts.listenerTold.lines().isEmpty());
    assertThat(hosts.listenerTold.lines())
        .containsExactly("warning dialer-1: no HELLO within 200ms, turned away");
  }

  @Test
  void whoLeavesIsNotedInOneLine() throws Exception {
    RawPeer.dial(hosts.network).link().close();
    Eventually.holds("it was told of", () -> !hosts.listenerTold.lines().isEmpty());
    assertThat(hosts.listenerTold.lines()).singleElement().asString().contains("left before HELLO");
  }

  @Test
  void whoIsRefusedIsToldOfHere() throws Exception {
    RawPeer stranger = RawPeer.dial(hosts.network);
    stranger.send(RawPeer.hello("other").build());
    assertThat(stranger.next()).isInstanceOf(Frame.Failure.class);
    assertThat(hosts.listenerTold.lines())
        .containsExactly("warning dialer-1: turned away: nobody listens for 'other' here");
  }

  @Test
  void aBrowserIsNamedByWhatItSaid() throws Exception {
    RawPeer browser = RawPeer.dial(hosts.network);
    browser.sendBytes(bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assertThat(browser.next())
        .isInstanceOfSatisfying(
            Frame.Failure.class, e -> assertThat(e.code()).isEqualTo(Code.INVALID_ARGUMENT));
    assertThatThrownBy(browser::next).isInstanceOf(EOFException.class);
    assertThat(hosts.listenerTold.lines())
        .singleElement()
        .asString()
        .contains("not a Hostpipe peer, it began with 'GET / HTTP/1.1..'")
        .contains("raw+tcp-listen");
  }

  @Test
  void dataBeforeAHelloIsRefusedAndForgotten() throws Exception {
    RawPeer eager = RawPeer.dial(hosts.network);
    eager.sendBytes(RawPeer.data(new byte[100]));
    assertThat(eager.next()).isInstanceOf(Frame.Failure.class);
    assertThat(hosts.pool.takenBytes()).isZero();
  }

  @Test
  void aFrameThatIsNoHelloIsRefused() throws Exception {
    RawPeer eager = RawPeer.dial(hosts.network);
    eager.send(new Frame.Ping(1));
    assertThat(eager.next())
        .isInstanceOfSatisfying(
            Frame.Failure.class, e -> assertThat(e.code()).isEqualTo(Code.INVALID_ARGUMENT));
    assertThat(hosts.listenerTold.lines())
        .singleElement()
        .asString()
        .contains("does not begin with HELLO");
  }

  @Test
  void whoDoesNotWaitForTheAnswerToHisHelloIsRefused() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    ByteBuffer both = ByteBuffer.allocate(2 * FrameCodec.CONTROL_BYTES_MAX);
    FrameCodec.encode(RawPeer.hello("name").build(), both);
    FrameCodec.encode(new Frame.Ping(1), both);
    RawPeer eager = RawPeer.dial(hosts.network);
    eager.sendBytes(both.flip());
    assertThat(eager.next())
        .isInstanceOfSatisfying(
            Frame.Failure.class, e -> assertThat(e.code()).isEqualTo(Code.INVALID_ARGUMENT));
    assertThat(listener.pipeCount()).isZero();
  }

  @Test
  void aFloodBehindAHelloKeepsNobodyBusy() throws Exception {
    beHasty();
    SessionListener listener = hosts.listen("name", 16);
    ByteBuffer flood = ByteBuffer.allocate(64 << 10);
    FrameCodec.encode(RawPeer.hello("name").build(), flood);
    // The head of a frame that never ends, and more than the buffer of a link has room for.
    flood.put(RawPeer.head(FrameCodec.CONTROL_BYTES_MAX - 4, 200)).position(flood.capacity());
    RawPeer rude = RawPeer.dial(hosts.network);
    rude.sendBytes(flood.flip());
    assertThatThrownBy(
            () -> {
              while (true) {
                rude.next();
              }
            })
        .isInstanceOf(IOException.class);
    Eventually.holds("the link is gone", () -> hosts.network.lastAccepted().isClosed());
    assertThat(listener.pipeCount()).isLessThan(2);
  }

  @Test
  void aHelloThatIsLargerThanAnyIsRefusedBeforeMemoryIsTaken() throws Exception {
    RawPeer greedy = RawPeer.dial(hosts.network);
    greedy.sendBytes(RawPeer.head(FrameCodec.CONTROL_BYTES_MAX - 3, 1));
    assertThat(greedy.next()).isInstanceOf(Frame.Failure.class);
    assertThat(hosts.pool.takenBytes()).isZero();
  }

  @Test
  void anUnfinishedHelloOfTheLargestKindIsForgottenWithItsPeer() throws Exception {
    RawPeer greedy = RawPeer.dial(hosts.network);
    greedy.sendBytes(RawPeer.head(FrameCodec.CONTROL_BYTES_MAX - 4, 1));
    Eventually.holds("memory was taken", () -> hosts.pool.takenBytes() > 0);
    greedy.link().close();
    Eventually.holds("memory was given back", () -> hosts.pool.takenBytes() == 0);
  }

  @Test
  void aRefusedPeerThatTalksOnIsNotListenedToForEver() throws Exception {
    RawPeer talker = RawPeer.dial(hosts.network);
    byte[] much = new byte[64 << 10];
    Arrays.fill(much, (byte) 'x');
    assertThatThrownBy(
            () -> {
              for (int count = 0; count < 1_000; count++) {
                talker.sendBytes(ByteBuffer.wrap(much));
              }
            })
        .isInstanceOf(EOFException.class);
  }

  @Test
  void aNameThatWouldBeCutOnItsWayIsRefused() {
    assertThatThrownBy(() -> hosts.dial("n".repeat(201)))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("at most 200 bytes");
    assertThatThrownBy(() -> hosts.listen("ü".repeat(101), 1))
        .isInstanceOf(PipeException.Config.class);
    assertThatThrownBy(() -> hosts.listen("a\nb", 1)).isInstanceOf(PipeException.Config.class);
  }

  private static SessionOptions options(Duration heartbeat, Duration handshake) {
    return new SessionOptions(
        heartbeat,
        handshake,
        Duration.ofSeconds(1),
        1 << 20,
        0,
        Duration.ofSeconds(150),
        Access.OPEN,
        1_000_000);
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
