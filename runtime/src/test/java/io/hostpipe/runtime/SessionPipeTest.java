package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.runtime.access.Access;
import io.hostpipe.spi.RetryPolicy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(240)
final class SessionPipeTest {
  private static final Duration HEARTBEAT = Duration.ofMillis(50);

  private final Hosts hosts = new Hosts(options(HEARTBEAT));

  @AfterEach
  void closeAll() throws Exception {
    hosts.close();
    Eventually.holds("every block is given back", () -> hosts.pool.takenBytes() == 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 65_536, 100_000, 1 << 20, 3 << 20, 16 << 20})
  void aMessageOfAnyLengthArrivesWhateverTheWindow(int lengthBytes) throws Exception {
    byte[] payload = new byte[lengthBytes];
    new Random(lengthBytes).nextBytes(payload);
    SessionListener listener = hosts.listen("name", 16);
    Pipe pipe = hosts.dial("name");
    Pipe taken = hosts.accept(listener);
    CompletableFuture<Void> sent =
        Hosts.inBackground(() -> {
          pipe.send(payload);
          pipe.send(payload).awaitCommitted();
        });
    var messages = taken.messages().iterator();
    for (int count = 0; count < 2; count++) {
      Message message = messages.next();
      assertThat(Arrays.equals(message.payload(), payload)).isTrue();
      message.commit();
    }
    sent.get();
  }

  @Test
  void aLinkThatBreaksInsideAFrameLosesNothingAndLeaksNothing() throws Exception {
    SessionListener listener = hosts.listen("name", 16, hosts.raw());
    Pipe pipe = hosts.dial("name", hosts.raw());
    Pipe taken = hosts.accept(listener);
    CompletableFuture<Void> sent = Hosts.sendPattern(pipe, 20 << 20);
    long position = 0;
    for (int round = 0; round < 20; round++) {
      position = Hosts.receivePattern(taken, position + (512 << 10));
      hosts.network.links().forEach(MemoryLink::close);
    }
    Hosts.receivePattern(taken, 20 << 20);
    sent.get();
    assertThat(pipe.stats().resumes()).isPositive();
  }

  @Test
  void aSilentLinkIsReplacedWithoutWaitingForItsFarewell() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    Pipe pipe = hosts.dial("name");
    Pipe taken = hosts.accept(listener);
    // With a farewell none of them would take less than the second that this may last.
    Duration limit = Duration.ofMillis(900);
    long shortestNanos = Long.MAX_VALUE;
    for (int round = 0; round < 5 || (round < 60 && shortestNanos >= limit.toNanos()); round++) {
      long resumes = pipe.stats().resumes();
      hosts.network.links().forEach(MemoryLink::loseOutput);
      long from = System.nanoTime();
      Eventually.holds("it resumed", () -> pipe.stats().resumes() > resumes);
      shortestNanos = Math.min(shortestNanos, System.nanoTime() - from);
    }
    assertThat(Duration.ofNanos(shortestNanos)).isLessThan(limit);
    // Either side may be the first to notice; the other one then sees a link that broke.
    assertThat(hosts.dialerTold.lines("down"))
        .anySatisfy(line -> assertThat(line).contains("silent for 3 heartbeats"));
    assertThat(taken.stats().resumes()).isPositive();
  }

  @Test
  void aWriterThatIsStuckOnADeadLinkGoesOnOnTheNext() throws Exception {
    SessionListener listener = hosts.listen("name", 16, hosts.raw());
    Pipe pipe = hosts.dial("name", hosts.raw());
    Pipe taken = hosts.accept(listener);
    hosts.network.lastDialed().blockOutput();
    Hosts.move(pipe, taken, 4 << 20);
    assertThat(pipe.stats().resumes()).isPositive();
  }

  /** As when a busy machine lets the reader wait until the peer is gone. */
  @Test
  void aWriterThatFailsLeavesThePeersLastWordToBeRead() throws Exception {
    try (Hosts patient = new Hosts(options(Duration.ofMinutes(5)));
        SessionListener listener = patient.listen("name", 16);
        Pipe pipe = patient.dial("name");
        Pipe taken = patient.accept(listener)) {
      MemoryLink link = patient.network.lastDialed();
      link.holdInput(true);
      taken.sink().abort("its disk is full");
      Eventually.holds("the peer is gone", link::isClosed);
      pipe.send(new byte[10]);
      link.holdInput(false);
      assertThatThrownBy(() -> pipe.send(new byte[10]).awaitCommitted())
          .isInstanceOf(PipeException.Closed.class)
          .hasMessageContaining("its disk is full");
    }
  }

  @Test
  void theLastWordIsOutBeforeTheOutputEndsWhoeverReadsMeanwhile() throws Exception {
    try (Hosts patient = new Hosts(options(Duration.ofMinutes(5)));
        SessionListener listener = patient.listen("name", 16);
        Pipe pipe = patient.dial("name");
        Pipe taken = patient.accept(listener)) {
      MemoryLink link = patient.network.lastAccepted();
      link.blockOutput();
      CompletableFuture<Void> aborted =
          Hosts.inBackground(() -> taken.sink().abort("its disk is full"));
      Eventually.holds("the last word is being written", link::writerWaits);
      for (int count = 0; count < 3; count++) {
        pipe.send(new byte[10]);
        Eventually.holds("it was read", link::isQuiet);
      }
      link.unblockOutput();
      aborted.get();
      assertThatThrownBy(() -> pipe.send(new byte[10]).awaitCommitted())
          .isInstanceOf(PipeException.Closed.class)
          .hasMessageContaining("its disk is full");
    }
  }

  @Test
  void closingEndsAlsoWhereThePeerTakesNothingMore() throws Exception {
    try (Hosts patient = new Hosts(options(Duration.ofMinutes(5)));
        SessionListener listener = patient.listen("name", 16);
        Pipe pipe = patient.dial("name");
        Pipe taken = patient.accept(listener)) {
      MemoryLink link = patient.network.lastAccepted();
      link.blockOutput();
      Hosts.inBackground(() -> taken.sink().abort("its disk is full")).get();
      assertThat(link.isClosed()).isTrue();
      assertThat(pipe.description()).isNotEmpty();
    }
  }

  @Test
  void aReceiverThatIsBeingClosedAnswersASenderThatLostItsConfirmation() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    Pipe pipe = hosts.dial("name", hosts.messages().withDirections(true, false));
    pipe.send(new byte[10]);
    Pipe taken = hosts.accept(listener);
    listener.close();
    CompletableFuture<Void> finished = Hosts.inBackground(() -> pipe.sink().finish());
    Source source = taken.source();
    long end = readToEnd(source);
    hosts.network.lastAccepted().loseOutput();
    source.commit(end);
    taken.close();
    finished.get();
    assertThat(pipe.stats().resumes()).isPositive();
  }

  @Test
  void aDialingReceiverThatIsBeingClosedDialsASenderThatLostItsConfirmation() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    Pipe pipe = hosts.dial("name", hosts.messages().withDirections(false, true));
    Pipe taken = hosts.accept(listener);
    taken.send(new byte[10]);
    CompletableFuture<Void> finished = Hosts.inBackground(() -> taken.sink().finish());
    Source source = pipe.source();
    long end = readToEnd(source);
    hosts.network.lastDialed().loseOutput();
    source.commit(end);
    pipe.close();
    finished.get();
    assertThat(taken.stats().resumes()).isPositive();
  }

  @Test
  void whoCannotSendToThisPeerIsToldInsteadOfWaitingForEver() throws Exception {
    SessionListener listener =
        hosts.listen("name", 16, hosts.messages().withDirections(true, false));
    Pipe pipe = hosts.dial("name");
    Pipe taken = hosts.accept(listener);
    taken.send(new byte[1]);
    assertThat(pipe.messages().iterator().next().payload()).hasSize(1);
    assertThatThrownBy(() -> pipe.send(new byte[1]))
        .isInstanceOfSatisfying(
            PipeException.Refused.class,
            e -> assertThat(e.status()).isEqualTo(Status.FAILED_PRECONDITION));
  }

  @Test
  void finishingTowardAPeerThatOnlySendsIsNothing() throws Exception {
    SessionListener listener =
        hosts.listen("name", 16, hosts.messages().withDirections(true, false));
    Pipe pipe = hosts.dial("name");
    Pipe taken = hosts.accept(listener);
    CompletableFuture<Void> finished = Hosts.inBackground(() -> taken.sink().finish());
    assertThat(readToEnd(pipe.source())).isZero();
    pipe.sink().finish();
    finished.get();
  }

  /** The limit is for the first link as well, which on a busy machine takes its time. */
  @Test
  void givingUpSaysHowFarItGot() throws Exception {
    RetryPolicy policy =
        new RetryPolicy(
            Duration.ofSeconds(5), Integer.MAX_VALUE, Duration.ofMillis(1), Duration.ofMillis(20));
    SessionListener listener = hosts.listen("name", 16);
    Pipe pipe = hosts.dial("name", hosts.messages().withRetry(policy));
    Pipe taken = hosts.accept(listener);
    Pipe.Sent first = pipe.send(new byte[10]);
    taken.messages().iterator().next().commit();
    first.awaitCommitted();
    hosts.network.refuse(true);
    hosts.network.links().forEach(MemoryLink::close);
    Pipe.Sent second = pipe.send(new byte[10]);
    assertThatThrownBy(second::awaitCommitted)
        .isInstanceOfSatisfying(
            PipeException.Unreachable.class,
            e -> assertThat(e.status()).isEqualTo(Status.UNAVAILABLE))
        .hasMessageContaining("--give-up")
        .hasMessageContaining("connection refused")
        .hasMessageContaining("acknowledged up to position " + first.endPosition());
  }

  @Test
  void aDialThatHangsDoesNotOutlastTheLimit() throws Exception {
    hosts.network.hush(true);
    RetryPolicy policy =
        new RetryPolicy(
            Duration.ofSeconds(2), Integer.MAX_VALUE, Duration.ofMillis(1), Duration.ofMillis(5));
    Pipe pipe = hosts.dial("name", hosts.messages().withRetry(policy));
    assertThatThrownBy(() -> pipe.send(new byte[1]))
        .isInstanceOf(PipeException.Unreachable.class)
        .hasMessageContaining("no link for 2s (--give-up)");
    assertThat(hosts.network.dialCount()).isEqualTo(1);
  }

  @Test
  void aLimitOfTriesIsALimit() throws Exception {
    hosts.network.refuse(true);
    RetryPolicy policy =
        new RetryPolicy(Duration.ofMinutes(5), 4, Duration.ofMillis(1), Duration.ofMillis(5));
    Pipe pipe = hosts.dial("name", hosts.messages().withRetry(policy));
    assertThatThrownBy(() -> pipe.send(new byte[1]))
        .isInstanceOf(PipeException.Unreachable.class)
        .hasMessageContaining("--retry-max");
    assertThat(hosts.network.dialCount()).isEqualTo(5);
  }

  @Test
  void anInterruptedReaderLeavesAPipeThatGoesOn() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    Pipe pipe = hosts.dial("name");
    Pipe taken = hosts.accept(listener);
    CompletableFuture<Void> reading = new CompletableFuture<>();
    Thread reader =
        Thread.ofVirtual()
            .start(() -> {
              try {
                taken.source().read(Duration.ofMinutes(1));
                reading.complete(null);
              } catch (PipeException | InterruptedException e) {
                reading.completeExceptionally(e);
              }
            });
    reader.interrupt();
    assertThatThrownBy(reading::get).hasCauseInstanceOf(InterruptedException.class);
    pipe.send(new byte[3]);
    assertThat(taken.messages().iterator().next().payload()).hasSize(3);
  }

  @Test
  void closingWakesAReaderAndAWriter() throws Exception {
    SessionListener listener = hosts.listen("name", 16, hosts.raw());
    Pipe pipe = hosts.dial("name", hosts.raw());
    Pipe taken = hosts.accept(listener);
    CompletableFuture<Void> reading = Hosts.inBackground(() -> pipe.source().read());
    CompletableFuture<Void> writing = Hosts.sendPattern(pipe, 64 << 20);
    Eventually.holds("the window is full", () -> hosts.pool.takenBytes() > 512 << 10);
    pipe.close();
    pipe.close();
    assertThatThrownBy(reading::get).hasCauseInstanceOf(PipeException.Closed.class);
    assertThatThrownBy(writing::get).hasCauseInstanceOf(PipeException.Closed.class);
    assertThatThrownBy(() -> readToEnd(taken.source()))
        .isInstanceOf(PipeException.Closed.class)
        .hasMessageContaining("gave up at position");
  }

  @Test
  void whatIsWrittenBehindTheEndIsRefusedAndLeaksNothing() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    Pipe pipe = hosts.dial("name", hosts.messages().withDirections(true, false));
    Pipe taken = hosts.accept(listener);
    CompletableFuture<Void> read = Hosts.inBackground(() -> readToEnd(taken.source()));
    pipe.sink().finish();
    read.get();
    BatchWriter late = pipe.sink().newBatch(0);
    late.add(ByteBuffer.allocate(1));
    assertThatThrownBy(() -> pipe.sink().write(late)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void timersThatNobodyWaitsForAreCalledOff() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    Pipe pipe = hosts.dial("name");
    Pipe taken = hosts.accept(listener);
    var messages = taken.messages().iterator();
    // All tests of this process have one ticker.
    int before = Ticker.SHARED.taskCount();
    for (int count = 0; count < 40; count++) {
      Pipe.Sent sent = pipe.send(new byte[1]);
      messages.next().commit();
      // The acknowledgement waits for company, with a timer of its own.
      sent.awaitCommitted();
    }
    assertThat(Ticker.SHARED.taskCount()).isLessThan(before + 20);
  }

  @Test
  void theEndIsConfirmedOnlyWhenWhoMovesTheStreamSaysSo() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    Pipe sender = hosts.dial("name");
    long end = sender.send(new byte[100]).endPosition();
    Pipe receiver = hosts.accept(listener);
    receiver.source().confirmsEnd();
    CompletableFuture<Void> finishing = Hosts.inBackground(() -> sender.sink().finish());
    assertThat(Hosts.next(receiver.source())).hasSize(100);
    assertThat(receiver.source().read()).isNull();
    receiver.source().commit(end);
    assertThat(sender.sink().awaitCommitted(end).position()).isEqualTo(end);
    assertThat(finishing).as("all is committed, and the sink has not finished").isNotDone();
    receiver.source().commit(end, null);
    finishing.get(120, TimeUnit.SECONDS);
  }

  @Test
  void aPipeWithNothingToDoWakesForItsHeartbeatsAlone() throws Exception {
    SessionListener listener = hosts.listen("name", 16);
    Pipe pipe = hosts.dial("name");
    Pipe taken = hosts.accept(listener);
    CompletableFuture<Void> reading = Hosts.inBackground(() -> taken.source().read());
    pipe.sink().resume();
    int heartbeats = 20;
    long fromNanos = System.nanoTime();
    long before = Ticker.SHARED.completedTaskCount();
    Eventually.holds(
        "it woke", () -> Ticker.SHARED.completedTaskCount() - before >= 2L * heartbeats);
    // Two sides, and up to five alarms a heartbeat each: far from what a busy loop would need.
    assertThat(System.nanoTime() - fromNanos)
        .isGreaterThan(HEARTBEAT.multipliedBy(heartbeats / 5).toNanos());
    assertThat(reading).isNotDone();
  }

  /** Reads and commits nothing; where the stream ended. */
  private static long readToEnd(Source source) throws Exception {
    long end = 0;
    for (Batch batch = source.read(); batch != null; batch = source.read()) {
      try (Batch each = batch) {
        end = each.endPosition();
      }
    }
    return end;
  }

  private static SessionOptions options(Duration heartbeat) {
    return new SessionOptions(
        heartbeat,
        Duration.ofSeconds(5),
        Duration.ofSeconds(5),
        1 << 20,
        0,
        Duration.ofSeconds(150),
        Access.OPEN,
        1_000_000);
  }
}
