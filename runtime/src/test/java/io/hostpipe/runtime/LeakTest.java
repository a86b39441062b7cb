package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Committed;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Pipes that nobody closes. */
final class LeakTest {
  private static final int COLLECTIONS = 5;

  private final Hosts hosts = new Hosts();

  @AfterEach
  void closeAll() throws Exception {
    hosts.close();
    Eventually.holds("every block is given back", () -> hosts.pool.takenBytes() == 0);
  }

  @Test
  void aPipeThatWasLostIsNamedByWhereItWasOpenedAndGivenUp() throws Exception {
    SessionListener listener = hosts.listen("orders", 8);
    lose();
    Pipe accepted = hosts.accept(listener);
    Hosts.next(accepted.source());
    untilCollected(() -> !hosts.dialerTold.lines("warning").isEmpty());
    assertThat(hosts.dialerTold.lines("warning"))
        .singleElement()
        .asString()
        .contains("never closed", "LeakTest.lose(LeakTest.java:");
    Assertions.assertThatThrownBy(() -> accepted.source().read())
        .isInstanceOf(PipeException.Closed.class);
    Eventually.holds("its link is gone", () -> hosts.network.lastDialed().isClosed());
    collect();
    assertThat(hosts.dialerTold.lines("warning")).hasSize(1);
  }

  @Test
  void anAcceptedPipeThatWasLostIsNamedToo() throws Exception {
    SessionListener listener = hosts.listen("orders", 8);
    Pipe dialed = hosts.dial("orders");
    loseAccepted(listener);
    untilCollected(() -> !hosts.listenerTold.lines("warning").isEmpty());
    assertThat(hosts.listenerTold.lines("warning"))
        .singleElement()
        .asString()
        .contains("LeakTest.loseAccepted");
    // Its stream ends with an abort, and no empty stream is taken for a whole one meanwhile.
    Assertions.assertThatThrownBy(() -> dialed.source().read()).isInstanceOf(PipeException.class);
    Assertions.assertThatThrownBy(() -> dialed.sink().finish()).isInstanceOf(PipeException.class);
  }

  @Test
  void aClosedPipeIsNoLeak() throws Exception {
    SessionListener listener = hosts.listen("orders", 8);
    openAndClose(listener);
    collect();
    assertThat(hosts.dialerTold.lines("warning")).isEmpty();
  }

  @Test
  void whoHoldsAHalfHoldsThePipe() throws Exception {
    SessionListener listener = hosts.listen("orders", 8);
    Sink sink = sinkOf();
    Source source = hosts.accept(listener).source();
    collect();
    sink.finish();
    assertThat(source.read()).isNull();
    assertThat(hosts.dialerTold.lines("warning")).isEmpty();
    sink.close();
  }

  @Test
  void whoWaitsForACommitHoldsThePipe() throws Exception {
    SessionListener listener = hosts.listen("orders", 8);
    CompletionStage<Committed> stage = stageOf();
    Pipe accepted = hosts.accept(listener);
    collect();
    Hosts.next(accepted.source());
    assertThat(hosts.dialerTold.lines("warning")).isEmpty();
    accepted.source().commit(3);
    CompletableFuture<Committed> future = stage.toCompletableFuture();
    assertThat(future.get().position()).isEqualTo(3);
  }

  private void lose() throws Exception {
    Pipe lost =
        Sessions.connect(
            "orders",
            "tcp://memory:9000/orders",
            hosts.network.dialer(),
            hosts.messages(),
            Hosts.OPTIONS);
    lost.send("x".getBytes(StandardCharsets.UTF_8));
  }

  private void loseAccepted(SessionListener listener) throws Exception {
    assertThat(listener.accept().description()).contains("orders");
  }

  private void openAndClose(SessionListener listener) throws Exception {
    try (Pipe pipe =
            Sessions.connect(
                "orders",
                "tcp://memory:9000/orders",
                hosts.network.dialer(),
                hosts.messages(),
                Hosts.OPTIONS);
        Pipe accepted = hosts.accept(listener)) {
      pipe.send("x".getBytes(StandardCharsets.UTF_8));
      Hosts.next(accepted.source());
    }
  }

  private Sink sinkOf() throws Exception {
    return Sessions.connect(
            "orders",
            "tcp://memory:9000/orders",
            hosts.network.dialer(),
            hosts.messages().withDirections(true, false),
            Hosts.OPTIONS)
        .sink();
  }

  private CompletionStage<Committed> stageOf() throws Exception {
    Pipe pipe =
        Sessions.connect(
            "orders",
            "tcp://memory:9000/orders",
            hosts.network.dialer(),
            hosts.messages(),
            Hosts.OPTIONS);
    return pipe.sink().whenCommitted(pipe.send("x".getBytes(StandardCharsets.UTF_8)).endPosition());
  }

  private static void collect() throws Exception {
    for (int count = 0; count < COLLECTIONS; count++) {
      System.gc();
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static void untilCollected(java.util.concurrent.Callable<Boolean> found)
      throws Exception {
    Eventually.holds(
        "it was found",
        () -> {
          System.gc();
          return found.call();
        });
  }
}
