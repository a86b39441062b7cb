package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.access.Access;
import io.hostpipe.session.Frame;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Links that carry one pipe after the other. */
final class SessionReuseTest {
  private static final int POOL_MAX = 3;
  private static final Duration IDLE = Duration.ofSeconds(30);

  private Hosts hosts = new Hosts(options(Duration.ofSeconds(5), IDLE));

  @AfterEach
  void closeAll() throws Exception {
    hosts.close();
    Eventually.holds("every block is given back", () -> hosts.pool.takenBytes() == 0);
  }

  @Test
  void pipesOneAfterTheOtherTakeOneLink() throws Exception {
    List<String> got = serve(hosts.listen("orders", 8));
    List<String> others = serve(hosts.listen("others", 8));
    for (int index = 0; index < 200; index++) {
      send("orders", "order " + index);
      send("others", "other " + index);
    }
    assertThat(got).hasSize(200).startsWith("order 0", "order 1").endsWith("order 199");
    assertThat(others).hasSize(200).startsWith("other 0", "other 1").endsWith("other 199");
    assertThat(hosts.network.dialCount()).isEqualTo(1);
    assertThat(hosts.dialerTold.lines("down")).isEmpty();
  }

  @Test
  void largeStreamsBothWaysTakeTheLinkThatASmallOneLeft() throws Exception {
    SessionListener listener = hosts.listen("orders", 8, hosts.raw());
    for (int round = 0; round < 5; round++) {
      Pipe dialed = hosts.dial("orders", hosts.raw());
      Pipe accepted = hosts.accept(listener);
      CompletableFuture<Void> back = Hosts.sendPattern(accepted, 1_000_000L * round);
      Hosts.move(dialed, accepted, 3_000_000L - round);
      Hosts.receivePattern(dialed, 1_000_000L * round);
      back.get();
      CompletableFuture<Void> ended = Hosts.inBackground(() -> accepted.sink().finish());
      dialed.sink().finish();
      ended.get();
      assertThat(dialed.source().read()).isNull();
      dialed.close();
      accepted.close();
    }
    assertThat(hosts.network.dialCount()).isEqualTo(1);
  }

  @Test
  void noMoreLinksAreKeptThanAskedFor() throws Exception {
    serve(hosts.listen("orders", 64));
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int index = 0; index < 16; index++) {
      all.add(Hosts.inBackground(() -> send("orders", "x")));
    }
    for (CompletableFuture<Void> each : all) {
      each.get();
    }
    assertThat(kept()).isBetween(1, POOL_MAX);
    Eventually.holds("the others are closed", () -> openLinks() <= 2L * POOL_MAX);
  }

  @Test
  void noCloseWaitsForItsLimitWhileManyPipesShareFewLinks() throws Exception {
    hosts.close();
    Duration limit = Duration.ofMinutes(2);
    hosts = new Hosts(options(Duration.ofSeconds(5), IDLE, Duration.ofSeconds(5), limit));
    serve(hosts.listen("orders", 64));
    AtomicLong longestNanos = new AtomicLong();
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int index = 0; index < 8; index++) {
      all.add(
          Hosts.inBackground(() -> {
            for (int count = 0; count < 300; count++) {
              Pipe pipe = hosts.dial("orders", hosts.messages().withDirections(true, false));
              pipe.send(new byte[1]);
              pipe.sink().finish();
              long begun = System.nanoTime();
              pipe.close();
              longestNanos.accumulateAndGet(System.nanoTime() - begun, Math::max);
            }
          }));
    }
    for (CompletableFuture<Void> each : all) {
      each.get();
    }
    assertThat(longestNanos.get()).isLessThan(limit.toNanos());
  }

  @Test
  void aLinkThatThePeerHasClosedIsNotTakenAndNobodyHearsOfIt() throws Exception {
    List<String> got = serve(hosts.listen("orders", 8));
    send("orders", "first");
    hosts.network.lastAccepted().close();
    send("orders", "second");
    assertThat(got).containsExactly("first", "second");
    assertThat(hosts.network.dialCount()).isEqualTo(2);
    assertThat(hosts.dialerTold.lines("down")).isEmpty();
  }

  @Test
  void aLinkOverWhichSomethingCameUnaskedIsNotTaken() throws Exception {
    List<String> got = serve(hosts.listen("orders", 8));
    send("orders", "first");
    hosts
        .network
        .lastAccepted()
        .write(new ByteBuffer[] {ByteBuffer.wrap("late".getBytes(StandardCharsets.UTF_8))}, 1);
    send("orders", "second");
    assertThat(got).containsExactly("first", "second");
    assertThat(hosts.network.dialCount()).isEqualTo(2);
  }

  @Test
  void aLinkThatDiedInSilenceCostsNoPipe() throws Exception {
    hosts.close();
    hosts = new Hosts(options(Duration.ofSeconds(5), IDLE, Duration.ofSeconds(3)));
    List<String> got = serve(hosts.listen("orders", 8));
    send("orders", "first");
    hosts.network.lastDialed().loseOutput();
    send("orders", "second");
    assertThat(got).containsExactly("first", "second");
    assertThat(hosts.network.dialCount()).isEqualTo(2);
    assertThat(hosts.dialerTold.lines("down")).isEmpty();
  }

  @Test
  void aLinkThatRestedForLongIsAskedWhetherItLives() throws Exception {
    hosts.close();
    hosts = new Hosts(options(Duration.ofMillis(500), IDLE));
    List<String> got = serve(hosts.listen("orders", 8));
    send("orders", "first");
    // The peer has a heartbeat's time to answer, which on a busy machine may be too little once.
    Eventually.holds("a link that lives is taken", () -> !dialsAfterRest("again"));
    hosts.network.lastDialed().loseOutput();
    assertThat(dialsAfterRest("last")).isTrue();
    assertThat(got).startsWith("first", "again").endsWith("again", "last");
  }

  /** Whether a pipe needs a link of its own behind a rest that is longer than a heartbeat. */
  private boolean dialsAfterRest(String text) throws Exception {
    int before = hosts.network.dialCount();
    rest(Duration.ofMillis(600));
    send("orders", text);
    return hosts.network.dialCount() > before;
  }

  @Test
  void aLinkWhosePipeWasGivenUpIsClosed() throws Exception {
    SessionListener listener = hosts.listen("orders", 8);
    Pipe dialed = hosts.dial("orders");
    dialed.send("begun".getBytes(StandardCharsets.UTF_8));
    Pipe accepted = hosts.accept(listener);
    dialed.close();
    accepted.close();
    assertThat(kept()).isZero();
    Eventually.holds("the link is closed", () -> openLinks() == 0);
  }

  @Test
  void aLinkThatCouldNotBeWrittenToIsNotKeptForAnotherPipe() throws Exception {
    try (MemoryNetwork network = new MemoryNetwork();
        Pipe pipe =
            Sessions.connect(
                "orders",
                "tcp://memory:9000/orders",
                network.dialer(),
                hosts.messages().withDirections(true, false),
                options(Duration.ofSeconds(5), IDLE))) {
      CompletableFuture<Void> finished =
          Hosts.inBackground(() -> {
            pipe.send("all".getBytes(StandardCharsets.UTF_8));
            pipe.sink().finish();
          });
      RawPeer peer = RawPeer.accept(network);
      var _ = peer.next(Frame.Hello.class);
      peer.send(RawPeer.hello("orders").receivingOnAKeptLink().build());
      peer.send(new Frame.Welcome(new Frame.Id(5, 6), 1, 0, null, 1 << 20, null, 0));
      Frame.Fin fin = peer.next(Frame.Fin.class);
      network.lastDialed().failOutput();
      peer.send(new Frame.Ack(fin.position(), fin.position(), fin.position(), 1 << 20));
      peer.send(new Frame.FinAck(fin.position(), fin.digest()));
      finished.get();
      Eventually.holds("its BYE is not written", () -> network.lastDialed().hasFailed());
      peer.send(new Frame.Bye());
      Eventually.holds("the link is closed", () -> network.lastDialed().isClosed());
      assertThat(LinkPool.SHARED.idleCount(network)).isZero();
    }
  }

  @Test
  void whatIsNotNeededIsClosedAfterItsTime() throws Exception {
    hosts.close();
    hosts = new Hosts(options(Duration.ofSeconds(5), Duration.ofMillis(50)));
    serve(hosts.listen("orders", 8));
    send("orders", "x");
    Eventually.holds("the link is closed", () -> openLinks() == 0);
    Eventually.holds("and forgotten", () -> kept() == 0);
  }

  @Test
  void aPortThatIsClosedKeepsNoLink() throws Exception {
    SessionListener listener = hosts.listen("orders", 8);
    serve(listener);
    send("orders", "x");
    listener.close();
    hosts.port.close();
    Eventually.holds("it is closed", () -> hosts.network.lastAccepted().isClosed());
  }

  @Test
  void aNameThatNobodyListensForIsRefusedOnAKeptLinkAsOnANewOne() throws Exception {
    List<String> got = serve(hosts.listen("orders", 8));
    send("orders", "first");
    CompletableFuture<Void> sent = Hosts.inBackground(() -> send("later", "found"));
    Eventually.holds("it was refused", () -> !hosts.dialerTold.lines("down").isEmpty());
    List<String> later = serve(hosts.listen("later", 8));
    sent.get();
    assertThat(got).containsExactly("first");
    assertThat(later).containsExactly("found");
  }

  private int kept() {
    return LinkPool.SHARED.idleCount(hosts.network);
  }

  private long openLinks() {
    return hosts.network.links().stream().filter(link -> !link.isClosed()).count();
  }

  /** Time that nothing but the clock makes pass. */
  private static void rest(Duration time) throws Exception {
    long end = System.nanoTime() + time.toNanos();
    Eventually.holds("time has passed", () -> System.nanoTime() > end);
  }

  private void send(String name, String text) throws Exception {
    try (Pipe pipe = hosts.dial(name, hosts.messages().withDirections(true, false))) {
      pipe.send(text.getBytes(StandardCharsets.UTF_8));
      pipe.sink().finish();
    }
  }

  /** Takes every pipe and reads it to its end; what came, in order. */
  private List<String> serve(SessionListener listener) {
    List<String> got = java.util.Collections.synchronizedList(new ArrayList<>());
    Thread.ofVirtual()
        .start(() -> {
          try {
            while (true) {
              Pipe pipe = listener.accept();
              Thread.ofVirtual().start(() -> take(pipe, got));
            }
          } catch (PipeException | InterruptedException e) {
            // The listener was closed.
          }
        });
    return got;
  }

  private static void take(Pipe pipe, List<String> got) {
    try (pipe) {
      pipe.messages()
          .forEach(message -> {
            got.add(message.text());
            try {
              message.commit();
            } catch (PipeException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
    }
  }

  private static SessionOptions options(Duration heartbeat, Duration idle) {
    return options(heartbeat, idle, Duration.ofSeconds(5));
  }

  private static SessionOptions options(Duration heartbeat, Duration idle, Duration handshake) {
    return options(heartbeat, idle, handshake, Duration.ofSeconds(5));
  }

  private static SessionOptions options(
      Duration heartbeat, Duration idle, Duration handshake, Duration linger) {
    return new SessionOptions(
        heartbeat, handshake, linger, 8L << 20, POOL_MAX, idle, Access.OPEN, 1_000_000);
  }
}
