package io.hostpipe.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.DeadLetter;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.runtime.dead.DeadLetterSink;
import io.hostpipe.runtime.dead.DeadLetters;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.ForwardingSink;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link DeadLetterSink} around a sink that refuses messages after it has passed them. */
final class DeadLetterSinkTest {
  private static final StreamId STREAM = new StreamId("numbers");
  private static final int LONGEST_BYTES = 8;

  private final String name = UUID.randomUUID().toString();

  @Test
  void aRefusedMessageIsKeptBeforeACommitPassesItAndNobodyHearsOfIt() throws Exception {
    try (DeadLetterSink sink = sink("main", "letters")) {
      long end = sink.write(batch(sink, "one", "much too long", "three"));
      assertThat(sink.awaitCommitted(end)).isEqualTo(new Committed(end, List.of()));
      sink.finish();
      assertThat(sink.resume().position()).isEqualTo(end);
      assertThat(sink.letters().count()).isEqualTo(1);
    }
    assertThat(texts("main", STREAM)).containsExactly("one", "three");
    assertThat(texts("letters", lettersOf("main"))).containsExactly("much too long");
  }

  @Test
  void commitsComeToWhoeverAsksInWhicheverWay() throws Exception {
    try (DeadLetterSink sink = sink("main", "letters")) {
      long first = sink.write(batch(sink, "one", "much too long"));
      assertThat(sink.whenCommitted(first).toCompletableFuture().get(60, TimeUnit.SECONDS))
          .isEqualTo(new Committed(first, List.of()));
      long second = sink.write(batch(sink, "another too long"));
      assertThat(sink.awaitCommitted(second, Duration.ofMinutes(1)).position()).isEqualTo(second);
      long third = sink.write(batch(sink, "a third too long"));
      Waiting.until(() -> sink.committed().position() == third);
    }
    assertThat(texts("letters", lettersOf("main")))
        .containsExactly("much too long", "another too long", "a third too long");
  }

  @Test
  void whatAnEarlierProcessPutAsideIsNotPutThereAgain() throws Exception {
    try (DeadLetterSink sink = sink("main", "letters")) {
      sink.awaitCommitted(sink.write(batch(sink, "too long to go", "one")));
    }
    // What the first had is gone, so all of it comes again.
    try (DeadLetterSink sink = sink("empty", "letters")) {
      sink.write(batch(sink, "too long to go", "one"));
      sink.awaitCommitted(sink.write(batch(sink, "and so is this", "two")));
      sink.finish();
      assertThat(sink.letters().count()).isEqualTo(2);
    }
    assertThat(texts("empty", STREAM)).containsExactly("one", "two");
    assertThat(texts("letters", lettersOf("main")))
        .containsExactly("too long to go", "and so is this");
  }

  @Test
  void aLetterThatIsRefusedAsWellFailsTheSinkAndNothingPassesIt() throws Exception {
    try (DeadLetterSink sink = sink("main", "letters?max-message-bytes=10")) {
      long end = sink.write(batch(sink, "one", "much too long", "three"));
      assertThatThrownBy(() -> sink.awaitCommitted(end))
          .isInstanceOf(PipeException.Rejected.class)
          .hasMessageContaining("and so was its dead letter by memory-log://")
          .hasMessageContaining("it is in nobody's hands");
    }
  }

  @Test
  void headersThatLeaveNoRoomForACauseAreSaid() throws Exception {
    try (DeadLetterSink sink = sink("main", "letters")) {
      BatchWriter batch = sink.newBatch(0);
      Headers headers = Headers.of("x", "y".repeat(Headers.LENGTH_BYTES_MAX - 10));
      assertThat(batch.add(ByteBuffer.wrap("much too long".getBytes(UTF_8)), headers)).isTrue();
      long end = sink.write(batch);
      assertThatThrownBy(() -> sink.awaitCommitted(end))
          .isInstanceOf(PipeException.Rejected.class)
          .hasMessageContaining("its own headers leave no room to say so");
    }
  }

  @Test
  void theNameOfALongStreamStaysWithinItsLimit() {
    StreamId longest = new StreamId("x".repeat(StreamId.LENGTH_BYTES_MAX));
    assertThat(DeadLetters.streamOf(longest, "a")).isNotEqualTo(DeadLetters.streamOf(longest, "b"));
    assertThat(DeadLetters.streamOf(STREAM, "a").value()).startsWith("numbers.dead.");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aMessageWhoseLetterCannotBeKeptIsNeverPassed(boolean takesRest) throws Exception {
    Sink away = new Failing(open("letters", lettersOf("main")), Integer.MAX_VALUE, false);
    try (DeadLetterSink sink = sink("main", away, takesRest)) {
      sink.write(batch(sink, "one"));
      long end = sink.write(batch(sink, "much too long", "three"));
      assertThatThrownBy(() -> sink.awaitCommitted(end))
          .isInstanceOf(PipeException.Unreachable.class)
          .hasMessageContaining("the place for letters is away");
      assertNothingPasses(sink, end, "the place for letters is away");
    }
  }

  @Test
  void aLetterThatIsRefusedIsNotPassedByTheNextLookEither() throws Exception {
    try (DeadLetterSink sink = sink("main", "letters?max-message-bytes=10")) {
      long end = sink.write(batch(sink, "one", "much too long", "three"));
      assertThatThrownBy(() -> sink.awaitCommitted(end)).hasMessageContaining("nobody's hands");
      assertNothingPasses(sink, end, "nobody's hands");
    }
  }

  @Test
  void whoIsInterruptedWhileALetterIsWrittenFindsItUntakenAndTakesItLater() throws Exception {
    Sink interrupted = new Failing(open("letters", lettersOf("main")), 1, true);
    try (DeadLetterSink sink = sink("main", interrupted, false)) {
      long end = sink.write(batch(sink, "one", "much too long", "three"));
      assertThatThrownBy(() -> sink.awaitCommitted(end)).isInstanceOf(InterruptedException.class);
      assertThat(sink.awaitCommitted(end).position()).isEqualTo(end);
      sink.finish();
    }
    assertThat(texts("letters", lettersOf("main"))).containsExactly("much too long");
  }

  @Test
  void smallBatchesThatWaitForTheirCommitKeepNoBlocksThatAreMostlyEmpty() throws Exception {
    BlockPool pool = new BlockPool(0);
    Sink inner = open("main?max-message-bytes=" + LONGEST_BYTES, STREAM);
    DeadLetters dead =
        DeadLetters.open(
            open("letters", lettersOf("main")), "memory-log://letters", STREAM, "main", true);
    try (DeadLetterSink sink =
        new DeadLetterSink(
            new Deaf(inner), STREAM, dead, false, PipeEvents.SILENT, Hostpipe.pool())) {
      assertThat(sink.resume().position()).isZero();
      long position = 0;
      for (int count = 0; count < 64; count++) {
        BatchWriter batch = new BatchWriter(pool, Encoding.RECORDS, 256 << 10);
        assertThat(batch.add(ByteBuffer.wrap("one".getBytes(UTF_8)))).isTrue();
        position = sink.write(batch.toBatch(STREAM, position));
      }
      assertThat(pool.takenBytes()).as("what the log itself has taken is read by now").isZero();
    }
  }

  private static void assertNothingPasses(DeadLetterSink sink, long end, String why) {
    assertThatThrownBy(
            () -> {
              for (int look = 0; look < 3; look++) {
                assertThat(sink.committed().position()).isLessThan(end);
              }
            })
        .hasMessageContaining(why);
    assertThatThrownBy(sink::finish).hasMessageContaining(why);
    assertThatThrownBy(() -> sink.awaitCommitted(end)).hasMessageContaining(why);
  }

  private DeadLetterSink sink(String main, String letters) throws Exception {
    return sink(main, open(letters, lettersOf("main")), false);
  }

  private DeadLetterSink sink(String main, Sink into, boolean takesRest) throws Exception {
    Sink inner = open(main + "?max-message-bytes=" + LONGEST_BYTES, STREAM);
    DeadLetters dead = DeadLetters.open(into, "memory-log://letters", STREAM, "main", true);
    DeadLetterSink sink =
        new DeadLetterSink(inner, STREAM, dead, takesRest, PipeEvents.SILENT, Hostpipe.pool());
    assertThat(sink.resume().position()).isZero();
    return sink;
  }

  private static StreamId lettersOf(String destination) {
    return DeadLetters.streamOf(STREAM, destination);
  }

  private Sink open(String log, StreamId stream) throws Exception {
    Address address = Address.parse("memory-log://" + name + "/" + log);
    return Hostpipe.connector(address)
        .target(address, PipeContext.messages(Hostpipe.pool()))
        .open(stream, Encoding.RECORDS);
  }

  private static BatchWriter batch(Sink sink, String... texts) throws Exception {
    BatchWriter batch = sink.newBatch(0);
    for (String each : texts) {
      assertThat(batch.add(ByteBuffer.wrap(each.getBytes(UTF_8)))).isTrue();
    }
    return batch;
  }

  private List<String> texts(String log, StreamId stream) throws Exception {
    Address address =
        Address.parse("memory-log://" + name + "/" + log).withOption("stream", stream.value());
    List<String> texts = new ArrayList<>();
    try (Source source =
        Hostpipe.connector(address).source(address, PipeContext.messages(Hostpipe.pool()))) {
      for (Batch next = next(source); next != null; next = next(source)) {
        try (Batch batch = next) {
          batch.forEach((end, payload, headers) -> {
            texts.add(UTF_8.decode(payload.duplicate()).toString());
            if (log.equals("letters")) {
              DeadLetter about = Objects.requireNonNull(DeadLetter.of(headers));
              assertThat(about.why().status()).isEqualTo(Status.OUT_OF_RANGE);
              assertThat(about.stream()).isEqualTo("numbers");
            }
          });
        }
      }
    }
    return texts;
  }

  private static @Nullable Batch next(Source source) throws Exception {
    return source.read(Duration.ofMillis(200));
  }

  /** A place for letters whose first writes fail. */
  private static final class Failing extends ForwardingSink {
    private final boolean interrupted;
    private int failures;

    Failing(Sink inner, int failures, boolean interrupted) {
      super(inner);
      this.failures = failures;
      this.interrupted = interrupted;
    }

    @Override
    public long write(BatchWriter batch) throws PipeException, InterruptedException {
      if (failures == 0) {
        return inner.write(batch);
      }
      failures--;
      batch.close();
      if (interrupted) {
        throw new InterruptedException();
      }
      throw new PipeException.Unreachable("the place for letters is away", null);
    }
  }

  /** A destination whose commits do not come back. */
  private static final class Deaf extends ForwardingSink {
    Deaf(Sink inner) {
      super(inner);
    }

    @Override
    public Committed committed() {
      return new Committed(0, List.of());
    }
  }
}
