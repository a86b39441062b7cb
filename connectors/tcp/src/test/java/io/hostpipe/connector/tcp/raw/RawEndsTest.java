package io.hostpipe.connector.tcp.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Encoding;
import io.hostpipe.Guarantee;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.InParallel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a raw end does when its peer does what peers do. */
@Timeout(240)
final class RawEndsTest {
  private static final byte[] LARGE = RawPlace.random(64 << 20);

  private final RawPlace place = new RawPlace();

  @AfterEach
  void closeAll() {
    place.close();
  }

  @Test
  void aPeerThatIsResetInTheMiddleOfItsStreamIsNoEnd() throws Exception {
    Listener listener = place.listen(place.receiving());
    Socket peer = connect(listener);
    peer.getOutputStream().write(new byte[1_000]);
    Source source = place.accept(listener).source();
    try (Batch first = source.read()) {
      assertThat(first).isNotNull();
    }
    InParallel<@Nullable Batch> reading = InParallel.run(source::read);
    reset(peer);
    assertThat(reading.failure())
        .isInstanceOfSatisfying(
            PipeException.Closed.class, e -> assertThat(e.status()).isEqualTo(Status.UNAVAILABLE))
        .hasMessageContaining("the connection broke")
        .hasMessageContaining("at position 1000: all before it was read")
        .hasMessageContaining("a raw stream cannot be resumed");
    assertThat(source.finished()).isFalse();
    assertThatThrownBy(source::read).isInstanceOf(PipeException.Closed.class);
  }

  @Test
  void aPeerThatIsKilledWhileItIsSentToIsSaidWithThePosition() throws Exception {
    Process peer =
        place.start(
            new ProcessBuilder(
                "python3",
                "-c",
                """
                import socket, time
                server = socket.create_server(('127.0.0.1', 0))
                print(server.getsockname()[1], flush=True)
                taken, _ = server.accept()
                taken.recv(1024)
                time.sleep(60)
                """));
    int port = Integer.parseInt(peer.inputReader().readLine());
    Sink sink = place.dial(port, place.sending()).sink();
    InParallel<String> writing = writing(sink);
    InParallel.await(() -> committed(sink) > 0);
    InParallel.awaitStill(() -> committed(sink));
    long handedOver = committed(sink);
    peer.destroyForcibly();
    assertThat(writing.failure())
        .isInstanceOf(PipeException.Closed.class)
        .hasMessageContaining("nothing tells how many of them the peer has read")
        .hasMessageMatching(".*at position [0-9]+: .*");
    assertThat(handedOver).isPositive().isLessThan(LARGE.length);
  }

  @Test
  void aPeerThatNeverReadsIsWaitedForAsLongAsItLives() throws Exception {
    try (ServerSocket server = server();
        Pipe pipe =
            place.dial(
                "raw+tcp://127.0.0.1:" + server.getLocalPort() + "?linger=100ms",
                place.sending())) {
      Socket peer = place.keep(server.accept());
      // Less than the buffers of the two systems take, more than the peer's alone.
      byte[] sent = new byte[3 << 20];
      RawPlace.write(pipe.sink(), sent);
      InParallel<String> finishing = finishing(pipe.sink());
      finishing.awaitBlocked();
      InParallel.awaitStill(() -> finishing.ended() ? 1 : 0);
      assertThat(finishing.ended()).as("not an end that nobody heard").isFalse();
      reset(peer);
      assertThat(finishing.failure())
          .isInstanceOf(PipeException.Closed.class)
          .hasMessageContaining("after the end of the stream: all of its " + sent.length);
    }
  }

  @Test
  void aPeerThatNeverClosesIsNotWaitedForOnceItsSystemHasEverything() throws Exception {
    try (ServerSocket server = server();
        Pipe pipe =
            place.dial(
                "raw+tcp://127.0.0.1:" + server.getLocalPort() + "?linger=100ms",
                place.sending())) {
      Socket peer = place.keep(server.accept());
      RawPlace.write(pipe.sink(), new byte[1_000]);
      pipe.sink().finish();
      assertThat(peer.getInputStream().readAllBytes()).hasSize(1_000);
    }
  }

  @Test
  void aPeerThatHasEndedItsHalfStillGetsOurs() throws Exception {
    Listener listener = place.listen(place.bothWays());
    Socket peer = connect(listener);
    peer.getOutputStream().write("question".getBytes(StandardCharsets.UTF_8));
    peer.shutdownOutput();
    Pipe pipe = place.accept(listener);
    assertThat(RawPlace.readAll(pipe.source())).asString().isEqualTo("question");
    InParallel<byte[]> answer = InParallel.run(() -> peer.getInputStream().readAllBytes());
    byte[] sent = RawPlace.random(3_000_000);
    RawPlace.write(pipe.sink(), sent);
    pipe.sink().finish();
    assertThat(answer.join()).isEqualTo(sent);
  }

  @Test
  void whatAPeerSaysToAPipeThatOnlySendsHoldsNobodyUpAndIsTold() throws Exception {
    try (ServerSocket echo = server()) {
      InParallel.run(() -> {
        try (Socket peer = echo.accept()) {
          peer.getInputStream().transferTo(peer.getOutputStream());
        }
        return "echoed";
      });
      Pipe pipe = place.dial(echo.getLocalPort(), place.sending());
      RawPlace.write(pipe.sink(), LARGE);
      pipe.sink().finish();
      InParallel.await(() ->
          place.told.stream()
              .anyMatch(line ->
                  line.contains("answered with " + LARGE.length + " bytes that nobody reads")));
    }
  }

  @Test
  void aPipeThatIsClosedBeforeItsEndIsAResetForThePeer() throws Exception {
    Listener listener = place.listen(place.bothWays());
    Socket toAbortedSender = connect(listener);
    Pipe sender = place.accept(listener);
    RawPlace.write(sender.sink(), new byte[10]);
    assertThat(toAbortedSender.getInputStream().readNBytes(10)).hasSize(10);
    sender.close();
    assertThatThrownBy(() -> toAbortedSender.getInputStream().read())
        .isInstanceOf(SocketException.class);
    Socket toReceiver = connect(listener);
    toReceiver.getOutputStream().write(1);
    toReceiver.shutdownOutput();
    Pipe receiver = place.accept(listener);
    readOne(receiver.source());
    assertThat(receiver.source().read()).isNull();
    // All was read, and nobody said that it was taken.
    receiver.close();
    assertThatThrownBy(() -> toReceiver.getInputStream().read())
        .isInstanceOf(SocketException.class);
  }

  @Test
  void anInterruptedWriterIsAResetForThePeer() throws Exception {
    Listener listener = place.listen(place.sending());
    Socket peer = connect(listener);
    InParallel<String> writing = writing(place.accept(listener).sink());
    assertThat(peer.getInputStream().readNBytes(1_000)).hasSize(1_000);
    InParallel.awaitStill(() -> writing.ended() ? 1 : 0);
    writing.thread().interrupt();
    assertThat(writing.failure()).isInstanceOf(InterruptedException.class);
    assertThatThrownBy(() -> peer.getInputStream().readAllBytes())
        .isInstanceOf(SocketException.class);
  }

  @Test
  void aListenerThatTakesOneLetsTheFloodKnow() throws Exception {
    Listener listener = place.listen("raw+tcp-listen://:0?backlog=500", place.receiving());
    List<Socket> flood = new ArrayList<>();
    for (int count = 0; count < 300; count++) {
      flood.add(connect(listener));
    }
    Source taken = place.accept(listener).source();
    listener.close();
    flood.getFirst().getOutputStream().write(new byte[5]);
    flood.getFirst().shutdownOutput();
    assertThat(RawPlace.readAll(taken)).hasSize(5);
    for (Socket other : flood.subList(1, flood.size())) {
      assertThatThrownBy(() -> other.getInputStream().read()).isInstanceOf(SocketException.class);
    }
    assertThatThrownBy(() -> connect(listener)).isInstanceOf(IOException.class);
    assertThatThrownBy(listener::accept).isInstanceOf(PipeException.Closed.class);
  }

  @Test
  void aListenerThatIsClosedWakesWhoWaitsForAPeer() throws Exception {
    Listener listener = place.listen(place.receiving());
    InParallel<Pipe> waiting = InParallel.run(listener::accept);
    waiting.awaitBlocked();
    listener.close();
    assertThat(waiting.failure()).isInstanceOf(PipeException.Closed.class);
  }

  @Test
  void dialingGoesOnUntilSomebodyListens() throws Exception {
    int port = RawPlace.freePort();
    Pipe pipe = place.dial(port, place.receiving());
    InParallel<byte[]> reading = InParallel.run(() -> RawPlace.readAll(pipe.source()));
    InParallel.await(() -> place.told.stream().anyMatch(line -> line.contains("refused")));
    try (ServerSocket server = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
        Socket peer = server.accept()) {
      peer.getOutputStream().write(new byte[7]);
    }
    assertThat(reading.join()).hasSize(7);
  }

  @Test
  void dialingIsGivenUpWithinTheLimits() throws Exception {
    RetryPolicy twice =
        new RetryPolicy(Duration.ofMinutes(1), 2, Duration.ofMillis(1), Duration.ofMillis(5));
    Pipe tries = place.dial(RawPlace.freePort(), place.sending().withRetry(twice));
    assertThatThrownBy(() -> tries.sink().newBatch(0))
        .isInstanceOf(PipeException.Unreachable.class)
        .hasMessageContaining("no link in 3 tries (--retry-max); last: Connection refused");
    RetryPolicy brief =
        new RetryPolicy(
            Duration.ofMillis(200), Integer.MAX_VALUE, Duration.ofMillis(1), Duration.ofMillis(5));
    Pipe time = place.dial(RawPlace.freePort(), place.sending().withRetry(brief));
    assertThatThrownBy(() -> time.sink().newBatch(0))
        .isInstanceOf(PipeException.Unreachable.class)
        .hasMessageContaining("no link for 200ms (--give-up); last: Connection refused");
  }

  @Test
  void aBrokenConnectionIsNeverDialedAgain() throws Exception {
    try (ServerSocket server = server()) {
      Pipe pipe = place.dial(server.getLocalPort(), place.receiving());
      InParallel<@Nullable Batch> reading = InParallel.run(() -> pipe.source().read());
      reset(server.accept());
      assertThat(reading.failure()).isInstanceOf(PipeException.Closed.class);
      server.setSoTimeout(300);
      assertThatThrownBy(server::accept).isInstanceOf(java.net.SocketTimeoutException.class);
    }
  }

  @Test
  void aSessionThatDialsIsRecognizedAndToldWhoIsHere() throws Exception {
    Listener listener = place.listen(place.receiving());
    try (Pipe session =
        Hostpipe.connect(
            Address.parse("tcp://127.0.0.1:" + listener.address().port() + "/n"),
            place.bothWays())) {
      Source source = place.accept(listener).source();
      InParallel<Resume> dialing = InParallel.run(() -> session.sink().resume());
      assertThatThrownBy(source::read)
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("is a Hostpipe that speaks its session; take tcp-listen:// on this")
          .hasMessageContaining("or raw+tcp:// on the other");
      assertThat(dialing.failure())
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("the answer began with 'raw+tcp-listen h'")
          .hasMessageContaining("raw+tcp talks to plain programs");
    }
  }

  @Test
  void aSessionThatListensIsRecognized() throws Exception {
    try (Listener listener =
        Hostpipe.listen(Address.parse("tcp-listen://127.0.0.1:0/n"), place.bothWays())) {
      Pipe pipe = place.dial(listener.address().port(), place.sending());
      InParallel<String> writing = writing(pipe.sink());
      assertThat(writing.failure())
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("take tcp:// on this side, or raw+tcp-listen:// on the other");
    }
  }

  @Test
  void aRawReaderDoesNotTakeAListeningSessionForAnEmptyStream() throws Exception {
    try (Listener listener =
        Hostpipe.listen(Address.parse("tcp-listen://127.0.0.1:0/n"), place.bothWays())) {
      Pipe pipe = place.dial(listener.address().port(), place.receiving());
      assertThatThrownBy(() -> pipe.source().read())
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("take tcp:// on this side, or raw+tcp-listen:// on the other");
    }
  }

  @Test
  void theReplyComesAfterTheCommitAndOnceForEachRead() throws Exception {
    Listener listener = place.listen("raw+tcp-listen://:0?reply=OK%5Cx21%5Cn", place.receiving());
    Socket peer = connect(listener);
    Source source = place.accept(listener).source();
    assertThat(source.wantsCommits()).isTrue();
    peer.getOutputStream().write(new byte[3]);
    readOne(source);
    peer.setSoTimeout(100);
    assertThatThrownBy(() -> peer.getInputStream().read())
        .isInstanceOf(java.net.SocketTimeoutException.class);
    peer.setSoTimeout(0);
    source.commit(3);
    source.commit(3);
    assertThat(peer.getInputStream().readNBytes(4)).asString().isEqualTo("OK!\n");
    peer.getOutputStream().write(new byte[4]);
    readOne(source);
    peer.getOutputStream().write(new byte[5]);
    readOne(source);
    peer.shutdownOutput();
    source.commit(12);
    assertThat(source.read()).isNull();
    source.close();
    assertThat(peer.getInputStream().readAllBytes()).asString().isEqualTo("OK!\nOK!\n");
  }

  @Test
  void aPeerThatDoesNotWaitForItsRepliesIsNoFault() throws Exception {
    Listener listener = place.listen("raw+tcp-listen://:0?reply=ACK", place.receiving());
    Socket peer = connect(listener);
    peer.getOutputStream().write(new byte[3]);
    peer.close();
    Source source = place.accept(listener).source();
    readOne(source);
    source.commit(3);
    assertThat(source.read()).isNull();
    for (int count = 0; count < 3; count++) {
      source.commit(3);
    }
    assertThat(source.finished()).isTrue();
  }

  @Test
  void theWayOutOfAPipeThatRepliesIsTaken() throws Exception {
    Listener listener = place.listen("raw+tcp-listen://:0?reply=ACK", place.bothWays());
    Socket peer = connect(listener);
    Pipe pipe = place.accept(listener);
    assertThatThrownBy(() -> pipe.sink().resume())
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("its way out belongs to the replies");
    peer.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "raw+tcp-listen://127.0.0.1",
        "raw+tcp-listen://127.0.0.1:0/name",
        "raw+tcp-listen://127.0.0.1:0?reply=%5Cq",
        "raw+tcp-listen://127.0.0.1:0?reply=%5Cx4",
        "raw+tcp-listen://127.0.0.1:0?reply=",
        "raw+tcp-listen://127.0.0.1:0?backlog=0",
        "raw+tcp-listen://127.0.0.1:0?keepalive=-1",
        "raw+tcp-listen://127.0.0.1:0?colour=red",
        "raw+tcp-listen://no.such.host.invalid:0",
        "raw+unix-listen://host/x.sock",
        "raw+unix-listen:///tmp/x.sock?keepalive=5s",
      })
  void whatCannotBeIsSaidBeforeAnythingIsOpened(String text) throws Exception {
    Address address = Address.parse(text);
    assertThatThrownBy(() -> place.connector.listen(address, place.receiving()))
        .isInstanceOf(PipeException.Config.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw+tcp://:80", "raw+tcp://h", "raw+tcp://h:0", "raw+tcp://h:80/name"})
  void whomToDialHasToBeSaid(String text) throws Exception {
    Address address = Address.parse(text);
    assertThatThrownBy(() -> place.connector.connect(address, place.sending()))
        .isInstanceOf(PipeException.Config.class);
  }

  @Test
  void whatARawPeerCannotGiveIsRefused() throws Exception {
    Address address = Address.parse("raw+tcp://127.0.0.1:9");
    PipeContext durable = place.sending().withAck(io.hostpipe.AckLevel.DURABLE);
    assertThatThrownBy(() -> place.connector.connect(address, durable))
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("acknowledges nothing");
    assertThatThrownBy(
            () -> place.connector.connect(address.withOption("reply", "x"), place.sending()))
        .isInstanceOf(PipeException.Config.class);
    assertThatThrownBy(
            () -> place.connector.connect(address, place.sending().withEncoding(Encoding.RECORDS)))
        .isInstanceOf(PipeException.Config.class);
    assertThat(place.connector.capabilities(address).best()).isEqualTo(Guarantee.AT_MOST_ONCE);
  }

  @Test
  void withoutAHostOnlyThisHostIsListenedFor() throws Exception {
    Listener near = place.listen(place.receiving());
    assertThat(place.told).isEmpty();
    try (Socket peer = connect(near)) {
      assertThat(peer.isConnected()).isTrue();
    }
    place.listen("raw+tcp-listen://0.0.0.0:0", place.receiving());
    assertThat(place.told).anyMatch(line -> line.contains("raw ends cannot authenticate"));
  }

  @Test
  void checkingTriesAndLeavesNothingBehind() throws Exception {
    Listener listener = place.listen(place.receiving());
    int port = listener.address().port();
    assertThat(place.connector.check(Address.parse("raw+tcp://127.0.0.1:" + port), true))
        .contains("takes connections");
    assertThat(place.connector.check(Address.parse("raw+tcp-listen://:0"), true))
        .contains("can listen on port")
        .doesNotContain("anybody");
    assertThat(place.connector.check(Address.parse("raw+tcp-listen://0.0.0.0:0"), true))
        .contains("anybody who reaches this host");
    assertThatThrownBy(() ->
            place.connector.check(
                Address.parse("raw+tcp://127.0.0.1:" + RawPlace.freePort()), false))
        .isInstanceOf(PipeException.Unreachable.class);
    for (String scheme : place.connector.schemes()) {
      assertThat(place.connector.help(scheme)).contains(scheme + "://");
      assertThat(place.connector.options(scheme)).isNotEmpty();
      assertThat(place.connector.kind(scheme))
          .isEqualTo(scheme.endsWith("-listen") ? Connector.Kind.LISTENS : Connector.Kind.CONNECTS);
    }
  }

  /** With a limit, so that this reads through the source's own thread. */
  private static void readOne(Source source) throws PipeException, InterruptedException {
    try (Batch batch = source.read(Duration.ofMinutes(2))) {
      assertThat(batch).isNotNull();
    }
  }

  private static InParallel<String> writing(Sink sink) {
    return InParallel.run(() -> {
      while (true) {
        RawPlace.write(sink, LARGE);
      }
    });
  }

  private static InParallel<String> finishing(Sink sink) {
    return InParallel.run(() -> {
      sink.finish();
      return "finished";
    });
  }

  private static long committed(Sink sink) {
    try {
      return sink.committed().position();
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }

  private Socket connect(Listener listener) throws IOException {
    return place.keep(new Socket(InetAddress.getLoopbackAddress(), listener.address().port()));
  }

  private static ServerSocket server() throws IOException {
    return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  private static void reset(Socket socket) throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }
}
