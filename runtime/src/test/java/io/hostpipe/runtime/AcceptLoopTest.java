package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Address;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class AcceptLoopTest {
  private final Hosts hosts = new Hosts();
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final AtomicInteger handled = new AtomicInteger();
  private final AtomicInteger mostHandled = new AtomicInteger();

  @AfterEach
  void closeAll() {
    hosts.close();
  }

  @Test
  void takesOneAfterAnotherWhenToldOne() throws Exception {
    AcceptLoop loop = loop(1);
    CompletableFuture<Void> running = Hosts.inBackground(loop::run);
    Pipe first = hosts.dial("name");
    send(first, "first");
    assertThat(heard.poll(120, TimeUnit.SECONDS)).isEqualTo("first");
    Pipe second = hosts.dial("name");
    send(second, "second");
    send(first, "first again");
    assertThat(heard.poll(120, TimeUnit.SECONDS)).isEqualTo("first again");
    first.sink().finish();
    assertThat(heard.poll(120, TimeUnit.SECONDS)).isEqualTo("second");
    second.sink().finish();
    loop.close();
    running.get(120, TimeUnit.SECONDS);
    assertThat(mostHandled).hasValue(1);
  }

  @Test
  void takesAsManyAtATimeAsItIsToldAndTheOthersInTheirTurn() throws Exception {
    AcceptLoop loop = loop(3);
    CompletableFuture<Void> running = Hosts.inBackground(loop::run);
    List<Pipe> pipes = new ArrayList<>();
    for (int index = 0; index < 8; index++) {
      Pipe pipe = hosts.dial("name");
      pipes.add(pipe);
      send(pipe, "pipe " + index);
    }
    List<CompletableFuture<Void>> finishing = new ArrayList<>();
    for (Pipe pipe : pipes) {
      finishing.add(Hosts.inBackground(() -> pipe.sink().finish()));
    }
    for (CompletableFuture<Void> each : finishing) {
      each.get(120, TimeUnit.SECONDS);
    }
    loop.close();
    running.get(120, TimeUnit.SECONDS);
    assertThat(heard).hasSize(8);
    assertThat(mostHandled.get()).isBetween(1, 3);
  }

  @Test
  void whatWasTakenWhenItIsClosedGoesOnToItsEnd() throws Exception {
    AcceptLoop loop = loop(10);
    CompletableFuture<Void> running = Hosts.inBackground(loop::run);
    Pipe pipe = hosts.dial("name");
    send(pipe, "before");
    assertThat(heard.poll(120, TimeUnit.SECONDS)).isEqualTo("before");
    loop.close();
    send(pipe, "behind");
    assertThat(heard.poll(120, TimeUnit.SECONDS)).isEqualTo("behind");
    assertThat(running).isNotDone();
    pipe.sink().finish();
    running.get(120, TimeUnit.SECONDS);
  }

  /** As a consumer group that misses what was deleted before it was read. */
  @Test
  void aLossThatEndedTheListenerEndsTheLoop() throws Exception {
    PipeException.DataLoss loss = new PipeException.DataLoss("what lay between is gone");
    AcceptLoop loop =
        new AcceptLoop(
            new Lost(Address.parse("tcp-listen://memory:9000/name"), loss), 1, this::hear);
    assertThatThrownBy(loop::run).isSameAs(loss);
  }

  @Test
  void isOfNoUseForNoPipes() {
    assertThatThrownBy(() -> loop(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one pipe");
  }

  private AcceptLoop loop(int pipeCountMax) throws Exception {
    return new AcceptLoop(hosts.listen("name", 16), pipeCountMax, this::hear);
  }

  private void hear(Pipe pipe) {
    mostHandled.accumulateAndGet(handled.incrementAndGet(), Math::max);
    for (Message message : pipe.messages()) {
      heard.add(message.text());
      try {
        message.commit();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    handled.decrementAndGet();
  }

  private static void send(Pipe pipe, String text) throws Exception {
    pipe.send(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Fails with the same for ever. */
  private record Lost(Address address, PipeException.DataLoss loss) implements Listener {
    @Override
    public Pipe accept() throws PipeException {
      throw loss;
    }

    @Override
    public void close() {}
  }
}
