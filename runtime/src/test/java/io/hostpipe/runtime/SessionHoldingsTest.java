package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.AckLevel;
import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.ForwardingSink;
import io.hostpipe.spi.Holdings;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pipes whose receiver remembers, and what becomes of them when either side is another process. */
@Timeout(240)
final class SessionHoldingsTest {
  private static final StreamId ORDERS = new StreamId("orders-1");

  private final Hosts hosts = new Hosts();
  private final Kept kept = new Kept();

  @AfterEach
  void closeAll() {
    hosts.close();
  }

  @Test
  void aListenerGoesOnWhereItsHoldingsAre() throws Exception {
    kept.put(ORDERS, "abcd", 3);
    SessionListener listener = hosts.listen("name", 16, spooled());
    Pipe sender = hosts.dial("name", outgoing(AckLevel.DURABLE));
    Resume there = sender.sink().resume();
    assertThat(there.position()).isEqualTo(4);
    assertThat(there.digest()).isEqualTo(digest("abcd"));
    assertThat(there.epoch()).isEqualTo(4);
    Pipe taken = hosts.accept(listener);
    assertThat(taken.source().awaitStream()).isEqualTo(ORDERS);
    assertThat(taken.source().epoch()).isEqualTo(4);
    assertThat(taken.source().seek(kept.of("abcd", 3))).isTrue();
    long end = write(sender, "ef");
    assertThat(read(taken)).isEqualTo("ef");
    taken.source().durable(end);
    assertThat(sender.sink().awaitCommitted(end).position()).isEqualTo(end);
  }

  @Test
  void aReceiverThatDialsGoesOnWhereItsHoldingsAre() throws Exception {
    kept.put(new StreamId("other"), "xyz", 1);
    kept.put(ORDERS, "abcd", 3);
    SessionListener listener = hosts.listen("name", 16, outgoing(AckLevel.DURABLE));
    Pipe receiver = hosts.dial("name", spooled());
    Pipe sender = hosts.accept(listener);
    assertThat(sender.sink().resume().position()).isEqualTo(4);
    assertThat(receiver.source().awaitStream()).isEqualTo(ORDERS);
    assertThat(receiver.source().seek(kept.of("abcd", 3))).isTrue();
    write(sender, "ef");
    assertThat(read(receiver)).isEqualTo("ef");
  }

  @Test
  void aSinkThatStandsElsewhereIsRefused() throws Exception {
    kept.put(ORDERS, "abcd", 3);
    SessionListener listener = hosts.listen("name", 16, spooled());
    hosts.dial("name", outgoing(AckLevel.DURABLE));
    Source source = hosts.accept(listener).source();
    assertThatThrownBy(() -> source.seek(kept.of("abc", 3)))
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("stands at 3")
        .hasMessageContaining("goes on at 4");
    assertThatThrownBy(() -> source.seek(kept.of("abcX", 3)))
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("other bytes before position 4");
    assertThat(source.seek(new Resume(4, null, null))).isFalse();
  }

  @Test
  void theWriterOfADamagedStreamAndWhoWaitsForPipesHearIt() throws Exception {
    kept.damaged = ORDERS;
    SessionListener listener = hosts.listen("name", 16, spooled());
    Pipe sender = hosts.dial("name", outgoing(AckLevel.DURABLE));
    assertThatThrownBy(listener::accept)
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("damaged at position 17");
    assertThatThrownBy(() -> sender.sink().resume())
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("stream orders-1: damaged at position 17");
    hosts.dial("name", outgoing(AckLevel.DURABLE).withStream(new StreamId("whole")));
    assertThat(hosts.accept(listener).source().awaitStream().value()).isEqualTo("whole");
  }

  @Test
  void aReceiverThatDialsHearsOfDamageOnlyWhereItConcernsIt() throws Exception {
    kept.damaged = ORDERS;
    SessionListener listener = hosts.listen("name", 16, outgoing(AckLevel.DURABLE));
    Pipe receiver = hosts.dial("name", spooled());
    assertThatThrownBy(() -> receiver.source().read())
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("damaged at position 17");
    assertThat(listener.pipeCount()).isLessThanOrEqualTo(1);
  }

  @Test
  void anAcceptLoopGoesOnBehindADamagedStreamAndSaysSoInTheEnd() throws Exception {
    kept.damaged = ORDERS;
    SessionListener listener = hosts.listen("name", 16, spooled());
    List<String> streams = Collections.synchronizedList(new ArrayList<>());
    AcceptLoop loop =
        new AcceptLoop(listener, 4, pipe -> streams.add(pipe.source().stream().value()));
    CompletableFuture<Void> running = Hosts.inBackground(loop::run);
    Pipe damaged = hosts.dial("name", outgoing(AckLevel.DURABLE));
    assertThatThrownBy(() -> damaged.sink().resume()).isInstanceOf(PipeException.DataLoss.class);
    hosts.dial("name", outgoing(AckLevel.DURABLE).withStream(new StreamId("whole")));
    Eventually.holds("the other one is taken", () -> streams.contains("whole"));
    loop.close();
    assertThatThrownBy(() -> running.get(120, TimeUnit.SECONDS))
        .hasCauseInstanceOf(PipeException.DataLoss.class);
  }

  @Test
  void durableIsRefusedWhereNothingIsKept() throws Exception {
    hosts.listen("name", 16, incoming());
    Pipe sender = hosts.dial("name", outgoing(AckLevel.DURABLE));
    assertThatThrownBy(() -> sender.sink().resume())
        .isInstanceOfSatisfying(
            PipeException.Refused.class,
            e -> assertThat(e.status()).isEqualTo(Status.UNIMPLEMENTED))
        .hasMessageContaining("--spool DIR");
  }

  @Test
  void behindASpoolAppliedIsToldApartFromDurable() throws Exception {
    SessionListener listener = hosts.listen("name", 16, spooled());
    Pipe sender = hosts.dial("name", outgoing(AckLevel.APPLIED));
    long end = write(sender, "abc");
    Pipe taken = hosts.accept(listener);
    assertThat(read(taken)).isEqualTo("abc");
    taken.source().commit(end);
    taken.source().durable(1);
    assertThat(sender.sink().awaitCommitted(1).position()).isEqualTo(1);
    taken.source().durable(end);
    assertThat(sender.sink().awaitCommitted(end).position()).isEqualTo(end);
  }

  @Test
  void theEndIsConfirmedWhenTheSpoolHasIt() throws Exception {
    SessionListener listener = hosts.listen("name", 16, spooled());
    Pipe sender = hosts.dial("name", outgoing(AckLevel.DURABLE));
    long end = write(sender, "abc");
    CompletableFuture<Void> finished = Hosts.inBackground(() -> sender.sink().finish());
    Pipe taken = hosts.accept(listener);
    taken.source().confirmsEnd();
    assertThat(read(taken)).isEqualTo("abc");
    assertThat(read(taken)).isEmpty();
    taken.source().durable(end);
    assertThat(sender.sink().awaitCommitted(end).position()).isEqualTo(end);
    assertThat(finished).isNotDone();
    taken.source().durable(end, digest("abc"));
    finished.get(120, TimeUnit.SECONDS);
  }

  @Test
  void aSenderThatComesAgainFindsTheEndOfAStreamThatIsComplete() throws Exception {
    kept.put(ORDERS, "abcd", 3);
    SessionListener listener = hosts.listen("name", 16, spooled());
    Pipe sender = hosts.dial("name", outgoing(AckLevel.APPLIED));
    CompletableFuture<Void> finished = Hosts.inBackground(() -> sender.sink().finish());
    Pipe taken = hosts.accept(listener);
    taken.source().confirmsEnd();
    assertThat(read(taken)).isEmpty();
    taken.source().durable(4, digest("abcd"));
    taken.source().commit(4, digest("abcd"));
    finished.get(120, TimeUnit.SECONDS);
  }

  @Test
  void aWriterThatComesWhenAllIsDoneIsAnsweredThoughThePipeIsClosed() throws Exception {
    SessionListener listener = hosts.listen("name", 16, spooled());
    AtomicBoolean dead = new AtomicBoolean();
    Pipe first = dialMortal(dead);
    long end = write(first, "abc");
    CompletableFuture<Void> neverAnswered = Hosts.inBackground(() -> first.sink().finish());
    Pipe taken = hosts.accept(listener);
    taken.source().confirmsEnd();
    assertThat(read(taken)).isEqualTo("abc");
    assertThat(read(taken)).isEmpty();
    dead.set(true);
    hosts.network.links().getFirst().close();
    Pipe second = hosts.dial("name", outgoing(AckLevel.APPLIED));
    assertThat(second.sink().resume().position()).isEqualTo(end);
    taken.source().durable(end, digest("abc"));
    taken.source().commit(end, digest("abc"));
    CompletableFuture<Void> closed = Hosts.inBackground(taken::close);
    second.sink().finish();
    closed.get(120, TimeUnit.SECONDS);
    assertThat(neverAnswered).isNotDone();
  }

  @Test
  void aSenderThatLivesGoesOnWithTheReceiverThatFollows() throws Exception {
    SessionListener first = hosts.listen("name", 16, spooled());
    Pipe sender = hosts.dial("name", outgoing(AckLevel.DURABLE));
    write(sender, "abcdef");
    Pipe dies = hosts.accept(first);
    assertThat(read(dies)).isEqualTo("abcdef");
    dies.source().durable(4);
    sender.sink().awaitCommitted(4);
    hosts.port.remove(first);
    kept.put(ORDERS, "abcd", 1);
    SessionListener second = hosts.listen("name", 16, spooled());
    hosts.network.lastDialed().close();
    Pipe taken = hosts.accept(second);
    assertThat(taken.source().seek(kept.of("abcd", 1))).isTrue();
    assertThat(read(taken)).isEqualTo("ef");
    long end = write(sender, "gh");
    assertThat(read(taken)).isEqualTo("gh");
    taken.source().durable(end);
    assertThat(sender.sink().awaitCommitted(end).position()).isEqualTo(8);
  }

  @Test
  void aSenderThatLivesDoesNotGoOnWithAReceiverThatHasLess() throws Exception {
    SessionListener first = hosts.listen("name", 16, spooled());
    Pipe sender = hosts.dial("name", outgoing(AckLevel.DURABLE));
    write(sender, "abcdef");
    Pipe dies = hosts.accept(first);
    assertThat(read(dies)).isEqualTo("abcdef");
    dies.source().durable(6);
    sender.sink().awaitCommitted(6);
    hosts.port.remove(first);
    kept.put(ORDERS, "abcd", 1);
    hosts.listen("name", 16, spooled());
    hosts.network.lastDialed().close();
    assertThatThrownBy(() -> sender.sink().awaitCommitted(100))
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("goes on at 4");
  }

  @Test
  void aRelayFencesItsSinkAgainWhenAnotherWriterGoesOn() throws Exception {
    SessionListener listener = hosts.listen("name", 16, spooled());
    AtomicBoolean dead = new AtomicBoolean();
    Pipe first = dialMortal(dead);
    Pipe taken = hosts.accept(listener);
    SessionListener farListener = hosts.listen("far", 16, incoming());
    Pipe toFar = hosts.dial("far", outgoing(AckLevel.APPLIED));
    Fenced sink = new Fenced(toFar.sink());
    CompletableFuture<Void> moved =
        Hosts.inBackground(() -> new Relay(taken.source(), List.of(sink)).run());
    Pipe far = hosts.accept(farListener);
    write(first, "abc");
    assertThat(read(far)).isEqualTo("abc");
    dead.set(true);
    hosts.network.links().getFirst().close();
    Pipe second = hosts.dial("name", outgoing(AckLevel.APPLIED));
    assertThat(second.sink().resume().position()).isEqualTo(3);
    write(second, "def");
    assertThat(read(far)).isEqualTo("def");
    assertThat(sink.epochs).containsExactly(1L, 2L);
    assertThat(moved).isNotDone();
  }

  @Test
  void aSecondWriterWaitsAndSaysForWhat() throws Exception {
    SessionListener listener = hosts.listen("name", 16, spooled());
    AtomicBoolean dead = new AtomicBoolean();
    Pipe first = dialMortal(dead);
    write(first, "abc");
    Pipe taken = hosts.accept(listener);
    Pipe second = hosts.dial("name", outgoing(AckLevel.DURABLE));
    Eventually.holds(
        "it says what it waits for",
        () ->
            hosts.dialerTold.lines("down").stream().anyMatch(line -> line.contains("--takeover")));
    dead.set(true);
    hosts.network.links().getFirst().close();
    assertThat(second.sink().resume().position()).isEqualTo(3);
    assertThat(read(taken)).isEqualTo("abc");
  }

  @Test
  void aWriterThatTakesOverIsWelcomeAtOnceAndTheOtherOneHearsIt() throws Exception {
    SessionListener listener = hosts.listen("name", 16, spooled());
    Pipe first = hosts.dial("name", outgoing(AckLevel.DURABLE));
    write(first, "abc");
    Pipe taken = hosts.accept(listener);
    assertThat(read(taken)).isEqualTo("abc");
    Pipe second = hosts.dial("name", outgoing(AckLevel.DURABLE).takingOver());
    assertThat(second.sink().resume().position()).isEqualTo(3);
    assertThatThrownBy(() -> first.sink().awaitCommitted(3))
        .isInstanceOfSatisfying(
            PipeException.Refused.class,
            e -> assertThat(e.status()).isEqualTo(Status.FAILED_PRECONDITION))
        .hasMessageContaining("replaced");
    write(second, "def");
    assertThat(read(taken)).isEqualTo("def");
    assertThat(taken.source().epoch()).isEqualTo(2);
  }

  /** A sender whose process can be killed: from then on it dials no more. */
  private Pipe dialMortal(AtomicBoolean dead) throws PipeException {
    Dialer dialer = hosts.network.dialer();
    return Sessions.connect(
        "name",
        "tcp://memory:9000/name",
        new Dialer() {
          @Override
          public Link dial() throws IOException {
            if (dead.get()) {
              throw new IOException("dead");
            }
            return dialer.dial();
          }

          @Override
          public String peer() {
            return dialer.peer();
          }
        },
        outgoing(AckLevel.DURABLE),
        Hosts.OPTIONS);
  }

  private PipeContext incoming() {
    return hosts.raw().withDirections(false, true);
  }

  private PipeContext spooled() {
    return incoming().withSpool(kept);
  }

  private PipeContext outgoing(AckLevel level) {
    return hosts.raw().withDirections(true, false).withAck(level).withStream(ORDERS);
  }

  private static long write(Pipe pipe, String text) throws Exception {
    try (var batch = pipe.sink().newBatch(0)) {
      batch.add(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
      return pipe.sink().write(batch);
    }
  }

  private static String read(Pipe pipe) throws Exception {
    Batch batch = pipe.source().read();
    if (batch == null) {
      return "";
    }
    try (batch) {
      return StandardCharsets.UTF_8.decode(batch.bytes()).toString();
    }
  }

  private static Digest digest(String text) {
    return Digest.EMPTY.extend(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** What a receiver has on its disk. */
  private static final class Kept implements Holdings {
    private final Map<StreamId, Resume> streams = new ConcurrentHashMap<>();
    volatile @Nullable StreamId damaged;

    void put(StreamId stream, String content, long epoch) {
      streams.put(stream, of(content, epoch));
    }

    Resume of(String content, long epoch) {
      return new Resume(content.length(), null, digest(content), content.length(), epoch);
    }

    @Override
    public @Nullable Resume held(StreamId stream) throws PipeException {
      if (stream.equals(damaged)) {
        throw new PipeException.DataLoss("damaged at position 17");
      }
      return streams.get(stream);
    }

    @Override
    public List<StreamId> heldStreams() {
      List<StreamId> all = new ArrayList<>(streams.keySet());
      StreamId broken = damaged;
      if (broken != null) {
        all.add(broken);
      }
      return all;
    }
  }

  /** A sink that remembers which writers it was told of. */
  private static final class Fenced extends ForwardingSink {
    final List<Long> epochs = Collections.synchronizedList(new ArrayList<>());

    Fenced(Sink inner) {
      super(inner);
    }

    @Override
    public void fence(long epoch) {
      epochs.add(epoch);
    }
  }
}
