package io.hostpipe.connector.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Committed;
import io.hostpipe.Encoding;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.runtime.Relay;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.Received;
import io.hostpipe.testkit.ReplaySource;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The relay over pipes and logs in memory. */
@SuppressWarnings("try") // closing by hand is what is tested
final class RelayTest {
  private static final List<String> MESSAGES = List.of("one", "two", "three", "four", "five");
  private static final StreamId STREAM = new StreamId("list");

  private final BlockPool pool = new BlockPool(1 << 20);
  private final PipeContext context = PipeContext.messages(pool);
  private final MemoryConnector connector = new MemoryConnector();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final String name = UUID.randomUUID().toString();
  private Listener listener;

  RelayTest() throws PipeException {
    listener = connector.listen(address("memory-listen"), context);
  }

  @BeforeEach
  void closesTheListenerInTheEnd() {
    open.add(listener);
  }

  @AfterEach
  void givesEveryBlockBack() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    InParallel.await(() -> pool.takenBytes() == 0);
  }

  @Test
  void movesAStreamAndItsCommits() throws Exception {
    Ends to = pipe();
    ReplaySource list = list();
    Relay relay = new Relay(list, List.of(to.near.sink()));
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(to.far.source(), true));
    relay.run();
    assertThat(reading.join().texts()).isEqualTo(MESSAGES);
    assertThat(reading.join().cursors()).hasSize(5);
    assertThat(list.committedPosition()).isEqualTo(list.border(5));
    assertThat(list.closed()).isTrue();
    assertThat(relay.progress().finished()).isTrue();
    assertThat(relay.progress().position()).isEqualTo(list.border(5));
    assertThat(relay.progress().committed()).isEqualTo(list.border(5));
    assertThat(relay.progress().verifiedFrom()).isZero();
  }

  @Test
  void commitsOnlyWhatEverySinkHasCommitted() throws Exception {
    Ends from = pipe();
    Ends one = pipe();
    Ends two = pipe();
    InParallel<Boolean> relaying =
        relaying(new Relay(from.far.source(), List.of(one.near.sink(), two.near.sink())));
    Sink sink = from.near.sink();
    long first = send(from.near, "first");
    long second = send(from.near, "second");
    Received.readCount(one.far.source(), 2, second);
    Received.readCount(two.far.source(), 2, second);
    one.far.source().commit(second);
    two.far.source().commit(first);
    assertThat(sink.awaitCommitted(first).position()).as("the slower one counts").isEqualTo(first);
    two.far.source().commit(second);
    assertThat(sink.awaitCommitted(second).position()).isEqualTo(second);
    InParallel<Received> readingOne =
        InParallel.run(() -> Received.readAll(one.far.source(), true));
    InParallel<Received> readingTwo =
        InParallel.run(() -> Received.readAll(two.far.source(), true));
    sink.finish();
    assertThat(relaying.join()).isTrue();
    assertThat(readingOne.join().items()).isEmpty();
    assertThat(readingTwo.join().items()).isEmpty();
  }

  @Test
  void letsCommitsFlowWhileTheSourceIsIdle() throws Exception {
    Ends from = pipe();
    Ends to = pipe();
    InParallel<Boolean> relaying = relaying(new Relay(from.far.source(), List.of(to.near.sink())));
    long leastNanos = Long.MAX_VALUE;
    for (int each = 0; each < 5; each++) {
      long end = send(from.near, "message");
      Received.readCount(to.far.source(), 1, end);
      to.far.source().commit(end);
      long begin = System.nanoTime();
      from.near.sink().awaitCommitted(end);
      leastNanos = Math.min(leastNanos, System.nanoTime() - begin);
    }
    assertThat(leastNanos)
        .as("long before anything else is sent, when nothing else wants the processor")
        .isLessThan(5 * Relay.UNCOMMITTED_LOOK.toNanos());
    from.near.close();
    assertThat(relaying.failure()).isInstanceOf(PipeException.Closed.class);
  }

  @Test
  void refusesTwoSinksThatHoldDifferentBytes() throws Exception {
    ReplaySource list = list();
    ReplaySource other = new ReplaySource(STREAM, pool, List.of("One", "two", "three"));
    Sink one = log("one", list, 1);
    Sink two = log("two", other, 3);
    Relay relay = new Relay(list, List.of(one, two));
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(relay::run)
        .withMessageContaining("a sink holds other bytes before position " + list.border(3));
    assertThat(list.closed()).isTrue();
  }

  @Test
  void refusesASinkThatHoldsOtherBytesThanTheSource() throws Exception {
    ReplaySource list = list();
    Sink sink = log("other", new ReplaySource(STREAM, pool, List.of("One")), 1);
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> new Relay(list, List.of(sink)).run());
  }

  @Test
  void refusesASinkThatHoldsMoreThanTheSourceHas() throws Exception {
    ReplaySource list = list();
    ReplaySource longer =
        new ReplaySource(STREAM, pool, List.of("one", "two", "three", "four", "five", "six"));
    Sink one = log("one", list, 1);
    Sink two = log("two", longer, 6);
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> new Relay(list, List.of(one, two)).run())
        .withMessageContaining("holds " + longer.border(6) + " bytes")
        .withMessageContaining("ends at " + list.border(5));
  }

  @Test
  void failsWithTheFirstRefusalAndNeverCommitsIt() throws Exception {
    ReplaySource list = new ReplaySource(STREAM, pool, List.of("good", "much too long", "good"));
    try (Target target = connector.target(logAddress("strict"), context)) {
      Relay relay = new Relay(list, List.of(target.open(STREAM, Encoding.RECORDS)));
      assertThatExceptionOfType(PipeException.Rejected.class)
          .isThrownBy(relay::run)
          .withMessageContaining("ends at position " + list.border(2))
          .withMessageContaining("13 bytes")
          .satisfies(e -> assertThat(e.status()).isEqualTo(Status.OUT_OF_RANGE));
      assertThat(relay.progress().rejected())
          .singleElement()
          .extracting(Committed.Rejected::endPosition)
          .isEqualTo(list.border(2));
      assertThat(relay.progress().committed()).isEqualTo(list.border(1));
      assertThat(relay.progress().finished()).isFalse();
    }
    assertThat(list.committedPosition()).isEqualTo(list.border(1));
    assertThat(list.rejected()).isEmpty();
  }

  @Test
  void neverCommitsARefusalThatWasToldTogetherWithWhatFollows() throws Exception {
    Ends from = pipe();
    Ends to = pipe();
    InParallel<Boolean> relaying = relaying(new Relay(from.far.source(), List.of(to.near.sink())));
    send(from.near, "good");
    long second = send(from.near, "bad");
    long third = send(from.near, "good");
    Received.readCount(to.far.source(), 3, third);
    to.far.source().reject(second, new Rejection(Status.INVALID_ARGUMENT, "bad"));
    to.far.source().commit(third);
    assertThat(relaying.failure()).isInstanceOf(PipeException.Rejected.class);
    assertThat(from.near.sink().whenCommitted(second).toCompletableFuture())
        .isCompletedExceptionally();
  }

  @Test
  void tellsTheSourceOfRefusalsAndGoesOnWhenAsked() throws Exception {
    ReplaySource list = new ReplaySource(STREAM, pool, List.of("good", "much too long", "last"));
    try (Target target = connector.target(logAddress("lenient"), context)) {
      Relay relay =
          new Relay(
              list,
              List.of(
                  target.open(STREAM, Encoding.RECORDS),
                  target.open(new StreamId("copy"), Encoding.RECORDS)),
              Relay.OnRejection.TELL_SOURCE);
      relay.run();
      assertThat(relay.progress().rejectedCount()).as("by both, told once").isEqualTo(1);
    }
    assertThat(list.rejected())
        .singleElement()
        .satisfies(one -> {
          assertThat(one.endPosition()).isEqualTo(list.border(2));
          assertThat(one.why().status()).isEqualTo(Status.OUT_OF_RANGE);
        });
    assertThat(list.committedPosition()).isEqualTo(list.border(3));
    assertThat(kept("lenient", "list")).containsExactly("good", "last");
    assertThat(kept("lenient", "copy")).containsExactly("good", "last");
  }

  @Test
  void abortsItsSinksWhenTheSourceBreaksOff() throws Exception {
    Ends from = pipe();
    Ends to = pipe();
    InParallel<Boolean> relaying = relaying(new Relay(from.far.source(), List.of(to.near.sink())));
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(to.far.source(), true));
    send(from.near, "begun");
    from.near.close();
    assertThat(relaying.failure())
        .isInstanceOf(PipeException.Closed.class)
        .hasMessageContaining("before its end");
    assertThat(reading.failure()).as("never a clean end").isInstanceOf(PipeException.class);
  }

  @Test
  void endsWithTheCauseWhenASinkFailsWhileTheSourceIsIdle() throws Exception {
    Ends from = pipe();
    Ends one = pipe();
    Ends two = pipe();
    InParallel<Boolean> relaying =
        relaying(new Relay(from.far.source(), List.of(one.near.sink(), two.near.sink())));
    relaying.awaitBlocked();
    two.far.close();
    assertThat(relaying.failure())
        .isInstanceOf(PipeException.Closed.class)
        .hasMessageContaining("the peer stopped reading");
    assertThatExceptionOfType(PipeException.class)
        .as("the other sink is aborted")
        .isThrownBy(() -> one.far.source().read());
    assertThatExceptionOfType(PipeException.class)
        .as("the source is told")
        .isThrownBy(() -> send(from.near, "more"));
  }

  @Test
  void noticesAFailedSinkWhileAnotherOneIsSlowAtTheEnd() throws Exception {
    Ends slow = pipe();
    Ends failing = pipe();
    ReplaySource list = list();
    InParallel<Boolean> relaying =
        relaying(new Relay(list, List.of(slow.near.sink(), failing.near.sink())));
    Received.readCount(slow.far.source(), 5, list.border(5));
    failing.far.close();
    assertThat(relaying.failure()).isInstanceOf(PipeException.Closed.class);
  }

  @Test
  void tellsHowFarEachSinkIsAndWhichOneFailed() throws Exception {
    Ends quick = pipe();
    Ends failing = pipe();
    ReplaySource list = list();
    Relay relay = new Relay(list, List.of(quick.near.sink(), failing.near.sink()));
    InParallel<Boolean> relaying = relaying(relay);
    Received.readCount(quick.far.source(), 5, list.border(5));
    Received.readCount(failing.far.source(), 5, list.border(5));
    quick.far.source().commit(list.border(5));
    failing.far.source().commit(list.border(2));
    InParallel.await(() -> relay.progress().committed() == list.border(2));
    failing.far.close();
    assertThat(relaying.failure()).isInstanceOf(PipeException.Closed.class);
    assertThat(relay.progress().committed(0)).isEqualTo(list.border(5));
    assertThat(relay.progress().committed(1)).isEqualTo(list.border(2));
    assertThat(relay.progress().failedSink()).isEqualTo(1);
    assertThat(relay.progress().finished(0)).isFalse();
  }

  @Test
  void canBeClosedFromOutside() throws Exception {
    Ends from = pipe();
    Ends to = pipe();
    Relay relay = new Relay(from.far.source(), List.of(to.near.sink()));
    InParallel<Boolean> relaying = relaying(relay);
    relaying.awaitBlocked();
    relay.close();
    assertThat(relaying.failure()).isInstanceOf(PipeException.Closed.class);
  }

  @Test
  void throwsAnInterruptOnAndClosesEverything() throws Exception {
    Ends from = pipe();
    Ends to = pipe();
    InParallel<Boolean> relaying = relaying(new Relay(from.far.source(), List.of(to.near.sink())));
    relaying.awaitBlocked();
    relaying.thread().interrupt();
    assertThat(relaying.failure()).isInstanceOf(InterruptedException.class);
    assertThatExceptionOfType(PipeException.class).isThrownBy(() -> to.far.source().read());
    assertThatExceptionOfType(PipeException.class).isThrownBy(() -> send(from.near, "more"));
  }

  @Test
  void stopsAtASourceThatLeavesAGap() throws Exception {
    Ends to = pipe();
    ReplaySource list = new ReplaySource(STREAM, pool, MESSAGES);
    try (Sink sink = to.near.sink()) {
      sink.write(list.batch(0, 2));
      Relay relay = new Relay(new Skipping(list), List.of(sink));
      assertThatExceptionOfType(IllegalStateException.class)
          .isThrownBy(relay::run)
          .withMessageContaining("handed over Batch[list " + list.border(3));
    }
  }

  private record Ends(Pipe near, Pipe far) {}

  /** A broken source: it loses its first batch. */
  private record Skipping(ReplaySource list) implements Source {
    @Override
    public StreamId stream() {
      return list.stream();
    }

    @Override
    public Encoding encoding() {
      return list.encoding();
    }

    @Override
    public boolean replayable() {
      return true;
    }

    @Override
    public boolean seek(Resume from) throws PipeException {
      boolean verified = list.seek(from);
      try (Batch lost = list.read()) {
        assertThat(lost).isNotNull();
      }
      return verified;
    }

    @Override
    public Batch read() throws PipeException {
      return java.util.Objects.requireNonNull(list.read());
    }

    @Override
    public Batch read(java.time.Duration timeout) throws PipeException {
      return read();
    }

    @Override
    public boolean finished() {
      return list.finished();
    }

    @Override
    public void commit(long position) {
      list.commit(position);
    }

    @Override
    public void reject(long endPosition, Rejection why) {
      list.reject(endPosition, why);
    }

    @Override
    public void close() {
      list.close();
    }
  }

  private ReplaySource list() {
    return new ReplaySource(STREAM, pool, MESSAGES);
  }

  private Ends pipe() throws PipeException, InterruptedException {
    Pipe near = connector.connect(address("memory"), context);
    Pipe far = listener.accept();
    open.add(near);
    open.add(far);
    return new Ends(near, far);
  }

  private static long send(Pipe pipe, String text) throws PipeException, InterruptedException {
    return pipe.send(text.getBytes(StandardCharsets.UTF_8)).endPosition();
  }

  private static InParallel<Boolean> relaying(Relay relay) {
    return InParallel.run(() -> {
      relay.run();
      return true;
    });
  }

  /** A sink into a log that holds the first messages of the list already. */
  private Sink log(String stream, ReplaySource list, int count)
      throws PipeException, InterruptedException {
    Target target = connector.target(logAddress("logs"), context);
    open.add(target);
    StreamId id = new StreamId(stream);
    try (Sink before = target.open(id, Encoding.RECORDS)) {
      before.write(list.batch(0, count));
    }
    return target.open(id, Encoding.RECORDS);
  }

  private List<String> kept(String log, String stream) throws Exception {
    try (Source source = connector.source(logAddress(log).withOption("stream", stream), context)) {
      return Received.readAll(source, false).texts();
    }
  }

  private Address logAddress(String log) throws PipeException {
    Address address = Address.parse("memory-log://" + name + "/" + log);
    return log.equals("logs") ? address : address.withOption("max-message-bytes", "10");
  }

  private Address address(String scheme) throws PipeException {
    return Address.parse(scheme + "://" + name);
  }
}
