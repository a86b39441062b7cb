package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.session.Frame;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RetryPolicy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class SessionListenerTest {
  private static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);

  private final Hosts hosts = new Hosts();

  @AfterEach
  void closeAll() {
    hosts.close();
  }

  @Test
  void severalNamesShareAPort() throws Exception {
    SessionListener one = hosts.listen("one", 16);
    SessionListener two = hosts.listen("two", 16);
    Pipe toTwo = hosts.dial("two");
    Pipe toOne = hosts.dial("one");
    toTwo.send("for two".getBytes(StandardCharsets.UTF_8));
    toOne.send("for one".getBytes(StandardCharsets.UTF_8));
    try (Pipe fromOne = one.accept();
        Pipe fromTwo = two.accept()) {
      assertThat(first(fromOne).text()).isEqualTo("for one");
      assertThat(first(fromTwo).text()).isEqualTo("for two");
    }
  }

  @Test
  void aNameCanBeTakenOnce() throws Exception {
    hosts.listen("name", 16);
    assertThatThrownBy(() -> hosts.listen("name", 16))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("already listens for 'name'");
  }

  @Test
  void anUnknownNameIsTriedAgainAndDeliveredOnceSomebodyListens() throws Exception {
    Pipe pipe = hosts.dial("late");
    Eventually.holds("it was told of", () -> !downs("nobody listens for 'late' here").isEmpty());
    SessionListener listener = hosts.listen("late", 16);
    Pipe.Sent sent = pipe.send(HELLO);
    try (Pipe taken = listener.accept()) {
      first(taken).commit();
      assertThat(sent.awaitCommitted().position()).isEqualTo(sent.endPosition());
    }
  }

  @Test
  void aDialerMayStartBeforeItsListener() throws Exception {
    hosts.network.refuse(true);
    Pipe pipe = hosts.dial("name");
    Eventually.holds("several tries", () -> hosts.network.dialCount() > 3);
    SessionListener listener = hosts.listen("name", 16);
    hosts.network.refuse(false);
    Pipe.Sent sent = pipe.send(HELLO);
    try (Pipe taken = listener.accept()) {
      first(taken).commit();
      assertThat(sent.awaitCommitted().position()).isEqualTo(sent.endPosition());
    }
    assertThat(hosts.dialerTold.lines("up")).hasSize(1);
  }

  @Test
  void moreThanTheBacklogAreToldThatItIsFull() throws Exception {
    SessionListener listener = hosts.listen("name", 2);
    List<Pipe> waiting = new ArrayList<>();
    for (int count = 0; count < 2; count++) {
      Pipe pipe = hosts.dial("name");
      pipe.sink().resume();
      waiting.add(pipe);
    }
    Pipe third = hosts.dial("name", hosts.messages().withRetry(tries(3)));
    assertThatThrownBy(() -> third.send(HELLO))
        .isInstanceOfSatisfying(
            PipeException.Unreachable.class,
            e -> assertThat(e.status()).isEqualTo(Status.RESOURCE_EXHAUSTED))
        .hasMessageContaining("2 pipes already wait for 'name'");
    Pipe fourth = hosts.dial("name");
    Eventually.holds("refused, too", () -> !downs("2 pipes already wait").isEmpty());
    try (Pipe taken = listener.accept()) {
      fourth.sink().resume();
      assertThat(taken).isNotNull();
    }
    assertThat(waiting).hasSize(2);
  }

  @Test
  void whoSaysHelloAndLeavesTakesNoPlaceInTheBacklog() throws Exception {
    SessionListener listener = hosts.listen("name", 1);
    for (int round = 0; round < 300; round++) {
      RawPeer rude = RawPeer.dial(hosts.network);
      rude.send(RawPeer.hello("name").stream("s" + round).build());
      rude.link().close();
      int dials = round + 1;
      Eventually.holds(
          "the place is free again",
          () -> listener.unacceptedCount() == 0 && hosts.network.acceptCount() == dials);
    }
    Pipe pipe = hosts.dial("name");
    pipe.send(HELLO);
    try (Pipe taken = listener.accept()) {
      assertThat(first(taken).payload()).isEqualTo(HELLO);
    }
  }

  @Test
  void aDialerWhoseFirstLinksBreakInTheirGreetingIsTakenInTheEnd() throws Exception {
    SessionListener listener = hosts.listen("name", 1);
    for (int round = 0; round < 100; round++) {
      int before = hosts.network.acceptCount();
      Pipe pipe = hosts.dial("name");
      CompletableFuture<Void> sent = Hosts.inBackground(() -> pipe.send(HELLO));
      int links = round % 3;
      for (int count = 0; count < links; count++) {
        int accepted = before + count;
        Eventually.holds("another link", () -> hosts.network.acceptCount() > accepted);
        hosts.network.lastDialed().close();
      }
      try (Pipe taken = listener.accept()) {
        assertThat(first(taken).payload()).isEqualTo(HELLO);
        sent.get();
        pipe.close();
      }
    }
  }

  @Test
  void aListenerForOnePipeRefusesAStrangerAndKeepsTakingTheLinksOfItsPipe() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    Pipe pipe = hosts.dial("name");
    try (Pipe taken = listener.accept()) {
      listener.close();
      Pipe stranger = hosts.dial("name", hosts.messages().withRetry(tries(3)));
      assertThatThrownBy(() -> stranger.send(HELLO))
          .isInstanceOfSatisfying(
              PipeException.Unreachable.class,
              e -> assertThat(e.status()).isEqualTo(Status.ALREADY_EXISTS))
          .hasMessageContaining("taken by another peer");
      Pipe.Sent sent = pipe.send(HELLO);
      MemoryLink before = hosts.network.lastDialed();
      hosts.network.links().forEach(MemoryLink::close);
      Message message = first(taken);
      message.commit();
      sent.awaitCommitted();
      assertThat(hosts.network.lastDialed()).isNotSameAs(before);
      assertThat(pipe.stats().resumes()).isPositive();
      assertThat(taken.stats().resumes()).isEqualTo(pipe.stats().resumes());
    }
  }

  @Test
  void theFirstWelcomedPipeIsTakenAndNotTheFirstThatSaidHello() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    RawPeer silent = RawPeer.dial(hosts.network);
    silent.send(RawPeer.hello("name").connection(1).build());
    assertThat(silent.next()).isInstanceOf(Frame.Hello.class);
    Pipe pipe = hosts.dial("name");
    pipe.send(HELLO);
    try (Pipe taken = listener.accept()) {
      assertThat(first(taken).payload()).isEqualTo(HELLO);
    }
  }

  @Test
  void closingWakesThoseWhoAccept() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    var accepting = Hosts.inBackground(() -> listener.accept());
    listener.close();
    assertThatThrownBy(accepting::get)
        .hasCauseInstanceOf(PipeException.Closed.class)
        .hasMessageContaining("no longer listens");
  }

  @Test
  void closingTurnsAwayThoseWhoWaitedAndFreesTheName() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    Pipe pipe = hosts.dial("name");
    pipe.sink().resume();
    Eventually.holds("it waits", () -> listener.pipeCount() == 1);
    listener.close();
    assertThatThrownBy(() -> pipe.source().read()).isInstanceOf(PipeException.Closed.class);
    Eventually.holds("the name is free", () -> listener.pipeCount() == 0);
    SessionListener again = hosts.listen("name", 16);
    assertThat(again.pipeCount()).isZero();
  }

  @Test
  void anAcceptedPipeThatLostItsPeerForGoodGivesUpWithItsPosition() throws Exception {
    Function<PipeContext, PipeContext> shortly =
        context -> context.withRetry(givingUpAfter(Duration.ofSeconds(3)));
    SessionListener listener = hosts.listen("name", 16, shortly.apply(hosts.messages()));
    Pipe pipe = hosts.dial("name");
    pipe.send(HELLO);
    try (Pipe taken = listener.accept()) {
      Message message = first(taken);
      hosts.network.refuse(true);
      hosts.network.links().forEach(MemoryLink::close);
      assertThatThrownBy(() -> taken.source().read())
          .isInstanceOf(PipeException.Unreachable.class)
          .hasMessageContaining("did not come back")
          .hasMessageContaining("received up to position " + message.endPosition());
    }
  }

  @Test
  void aSecondWriterOfAStreamIsRefusedWhileTheFirstLives() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    PipeContext same = hosts.messages().withStream(new io.hostpipe.StreamId("orders"));
    Pipe first = hosts.dial("name", same);
    first.send(HELLO);
    try (Pipe taken = listener.accept()) {
      Pipe second = hosts.dial("name", same.withRetry(tries(3)));
      assertThatThrownBy(() -> second.send(HELLO))
          .isInstanceOfSatisfying(
              PipeException.Unreachable.class,
              e -> assertThat(e.status()).isEqualTo(Status.ALREADY_EXISTS));
      Message message = first(taken);
      message.commit();
      assertThat(message.payload()).isEqualTo(HELLO);
    }
  }

  /** Seed 546189 of the simulator, in November 2026, on links. */
  @Test
  void aWriterWhoseGreetingBreaksTwiceIsNotTakenForOneThatWasReplaced() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    RawPeer first = RawPeer.dial(hosts.network);
    first.send(RawPeer.hello("name").build());
    assertThat(first.next()).isInstanceOf(Frame.Hello.class);
    first.send(new Frame.Welcome(new Frame.Id(1, 1), 1, 0, 0L, 1_000, null, 0));
    try (Pipe _ = listener.accept()) {
      leave(first);
      RawPeer second = welcomed(1, 0);
      assertThat(second.next(Frame.Welcome.class).epoch()).isEqualTo(2);
      leave(second);
      leave(welcomed(2, 2));
      welcomed(3, 2);
    }
  }

  /** Another writer's link, on which it has been greeted and has not answered. */
  private RawPeer welcomed(long connection, long epoch) throws Exception {
    RawPeer peer = RawPeer.dial(hosts.network);
    peer.send(RawPeer.hello("name").instance(77).connection(connection).epoch(epoch).build());
    assertThat(peer.next()).isInstanceOf(Frame.Hello.class);
    return peer;
  }

  /** Its process has died, and the other side has seen it. */
  private static void leave(RawPeer peer) throws Exception {
    peer.link().shutdownOutput();
    Eventually.holds("the other side has left, too", () -> peer.link().isClosed());
  }

  private List<String> downs(String text) {
    return hosts.dialerTold.lines("down").stream().filter(line -> line.contains(text)).toList();
  }

  private static Message first(Pipe pipe) {
    return pipe.messages().iterator().next();
  }

  private static RetryPolicy tries(int count) {
    return new RetryPolicy(
        Duration.ofMinutes(5), count, Duration.ofMillis(1), Duration.ofMillis(5));
  }

  private static RetryPolicy givingUpAfter(Duration limit) {
    return new RetryPolicy(limit, Integer.MAX_VALUE, Duration.ofMillis(1), Duration.ofMillis(20));
  }
}
