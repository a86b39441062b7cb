package io.hostpipe.testkit.links;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Digest;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.runtime.Link;
import io.hostpipe.session.Code;
import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameCodec;
import io.hostpipe.session.ProtocolException;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.RawPeer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Peers that do not speak the protocol, or break it, over some carrier. */
@Timeout(240)
public abstract class RudePeers {
  /** Of six kinds. */
  private static final int RUDE_COUNT = 300;

  /** An address, then a sentence, all printable. */
  private static final Pattern ONE_CLEAR_LINE =
      Pattern.compile("warning: 127\\.0\\.0\\.1:[0-9]+: [\\x20-\\x7E]{10,300}");

  /** Both sides' ends. */
  protected final Ends ends;

  /** Over the carrier of these ends; closed after each test. */
  protected RudePeers(Ends ends) {
    this.ends = ends;
  }

  /** About how many of them there is something to be said; all, unless the carrier says less. */
  protected int toldCount() {
    return RUDE_COUNT;
  }

  /** A link to a listener, for a peer that says what a test wants. */
  protected abstract Link link(Listener listener) throws IOException;

  @AfterEach
  void closeAll() {
    ends.close();
  }

  @Test
  void threeHundredOfThemLeaveALineEachAtMostAndTheNextGoodPipeWorks() throws Exception {
    Listener listener =
        ends.listen(
            "name", "heartbeat=100ms&handshake=500ms&linger=1s&stranger-lines=1000", ends.raw());
    PrintStream stderr = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      List<InParallel<Object>> peers = new ArrayList<>();
      for (int count = 0; count < RUDE_COUNT; count++) {
        int kind = count;
        peers.add(
            InParallel.run(() -> {
              beRude(Ends.at(listener), kind);
              return "done";
            }));
      }
      for (InParallel<Object> peer : peers) {
        peer.join();
      }
      InParallel.await(() -> ends.listenerTold.size() >= toldCount());
    } finally {
      System.setErr(stderr);
    }
    assertThat(printed.toString(StandardCharsets.UTF_8)).isEmpty();
    assertThat(ends.listenerTold)
        .hasSizeBetween(toldCount(), RUDE_COUNT)
        .allMatch(line -> ONE_CLEAR_LINE.matcher(line).matches());
    assertThat(ends.pool.takenBytes()).isZero();
    assertAGoodPipeWorks(listener);
  }

  private static void beRude(InetSocketAddress address, int kind) throws IOException {
    SplittableRandom random = new SplittableRandom(kind);
    try (RawPeer peer = RawPeer.dial(address)) {
      switch (kind % 6) {
        case 0 -> {
          peer.sendBytes(ascii("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"));
          peer.drain();
        }
        case 1 -> {
          peer.sendBytes(RawPeer.head(random.nextLong(4_097, 1L << 32), 1 + kind % 14, 0));
          peer.drain();
        }
        case 2 -> {
          byte[] garbage = new byte[random.nextInt(12, 5_000)];
          random.nextBytes(garbage);
          peer.sendBytes(ByteBuffer.wrap(garbage));
          peer.drain();
        }
        case 3 -> {
          peer.sendBytes(RawPeer.encode(RawPeer.hello("name").build()).slice(0, 20));
          peer.endOutput();
          peer.reset();
        }
        case 4 -> peer.drain();
        default -> {
          // The first bytes of a TLS ClientHello.
          peer.sendBytes(ByteBuffer.wrap(new byte[] {22, 3, 1, 2, 0, 1, 0, 1, -4, 3, 3, 7, 7, 7}));
          peer.drain();
        }
      }
    }
  }

  /** Fault 34. */
  @Test
  void anotherVersionIsUnimplementedAndTheConnectionEnds() throws Exception {
    Listener listener = ends.listen("name", Ends.UNHURRIED, ends.raw());
    try (RawPeer newer = RawPeer.over(link(listener))) {
      newer.send(RawPeer.hello("name").version(2).build());
      Frame.Failure answer = newer.next(Frame.Failure.class);
      assertThat(answer.code()).isEqualTo(Code.UNIMPLEMENTED);
      assertThat(answer.reason()).contains("versions 2 to 2").contains("version 1");
      assertThat(newer.drain()).isZero();
    }
    assertAGoodPipeWorks(listener);
  }

  /** Each of them would have kept a place in the backlog, and what it had sent, for ever. */
  @Test
  void whoFailsBeforeItsWelcomeKeepsNoPlaceAndNoMemory() throws Exception {
    Listener listener = ends.listen("name", "handshake=500ms&linger=0s&backlog=2", ends.raw());
    for (int count = 0; count < 6; count++) {
      String stream = "stream-" + count;
      InParallel.await(() -> failsBeforeItsWelcome(listener, stream));
    }
    assertAGoodPipeWorks(listener);
  }

  /** Whether it was let in, and failed there. */
  private boolean failsBeforeItsWelcome(Listener listener, String stream) {
    try (RawPeer peer = RawPeer.over(link(listener))) {
      peer.send(RawPeer.hello("name").stream(stream).build());
      if (!(peer.next() instanceof Frame.Hello)) {
        return false;
      }
      peer.sendData(0, Ends.bytesAt(0, 1_000));
      peer.send(new Frame.Fin(1_000, 0));
      return peer.next(Frame.Failure.class).code() == Code.INVALID_ARGUMENT;
    } catch (IOException | ProtocolException e) {
      throw new AssertionError(e);
    }
  }

  /** Fault 34. */
  @Test
  void anotherMagicIsAnInvalidArgumentAndTheConnectionEnds() throws Exception {
    Listener listener = ends.listen("name", Ends.UNHURRIED, ends.raw());
    ByteBuffer hello = RawPeer.encode(RawPeer.hello("name").build());
    byte[] body = new byte[hello.remaining() - 12];
    hello.get(8, body);
    body[0] = 'X';
    try (RawPeer stranger = RawPeer.over(link(listener))) {
      stranger.sendBytes(RawPeer.frame(1, 1, body));
      assertThat(stranger.next(Frame.Failure.class).code()).isEqualTo(Code.INVALID_ARGUMENT);
      assertThat(stranger.drain()).isZero();
    }
    assertAGoodPipeWorks(listener);
  }

  /** Fault 33: on a link that is open, where frames of data are allowed. */
  @ParameterizedTest
  @ValueSource(longs = {FrameCodec.FRAME_BYTES_MAX + 1, Integer.MAX_VALUE, 0xFFFF_FFFFL, 3})
  void aLengthBeyondTheLimitEndsTheLinkBeforeMemoryIsTaken(long frameBytes) throws Exception {
    Listener listener = ends.listen("name", Ends.UNHURRIED, ends.raw().withDirections(false, true));
    try (RawPeer peer = RawPeer.over(link(listener));
        RawPeer again = RawPeer.over(link(listener))) {
      peer.greet(RawPeer.hello("name").build());
      peer.sendData(0, Ends.bytesAt(0, 1_000));
      Pipe taken = ends.accept(listener);
      assertThat(Ends.receiveUpTo(taken.source(), 1_000)).isEqualTo(1_000);
      assertThat(ends.pool.takenBytes()).isZero();
      peer.sendBytes(RawPeer.head(frameBytes, 4, 0));
      peer.drain();
      assertThat(ends.pool.takenBytes()).isZero();
      // To this side it was damage on the way: the stream goes on over the next link.
      Frame.Welcome welcome = again.greet(RawPeer.hello("name").connection(2).build());
      assertThat(welcome.position()).isEqualTo(1_000);
    }
  }

  /** That who behaves is none the worse for it. */
  protected final void assertAGoodPipeWorks(Listener listener) throws Exception {
    Pipe pipe =
        ends.dial(listener.address().port(), "name", ends.raw().withDirections(true, false));
    InParallel<Digest> sent = Ends.sendAll(pipe, 1 << 20);
    Pipe taken = ends.accept(listener);
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(1 << 20);
    sent.join();
  }

  private static ByteBuffer ascii(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }
}
