package io.hostpipe.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Nobody waits for ever, memory is bounded, and a stream that broke off never looks ended. */
public interface CloseContract extends ContractTests {
  @Test
  default void makesAWriterWaitThatIsFarAhead() throws Exception {
    needs(ContractPlace.Ability.PUSHES_BACK);
    ContractWay way = openAny();
    long lengthBytes = 4 * place().waitingBytesMax();
    AtomicLong written = new AtomicLong();
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          writeZeros(way.sink(), lengthBytes, written);
          way.sink().finish();
          return true;
        });
    InParallel.await(() -> written.get() > 0);
    InParallel.awaitStill(written::get);
    assertThat(written.get()).as("the writer waits").isLessThan(lengthBytes);
    assertThat(place().pool().takenBytes())
        .as("what waits is bounded")
        .isLessThanOrEqualTo(place().waitingBytesMax());
    long received = 0;
    for (Batch batch = way.source().read(); batch != null; batch = way.source().read()) {
      try (Batch one = batch) {
        received += one.lengthBytes();
      }
      way.source().commit(received);
    }
    assertThat(writing.join()).isTrue();
    assertThat(received).isGreaterThanOrEqualTo(lengthBytes);
  }

  @Test
  default void wakesABlockedReaderWhenItIsClosed() throws Exception {
    ContractWay way = openAny();
    InParallel<@Nullable Batch> reading = InParallel.run(() -> way.source().read());
    reading.awaitBlocked();
    way.closeSource().run();
    assertThat(reading.failure()).isInstanceOf(PipeException.Closed.class);
    assertThatExceptionOfType(PipeException.class).isThrownBy(() -> way.source().read());
  }

  @Test
  default void wakesABlockedWriterWhenItIsClosed() throws Exception {
    needs(ContractPlace.Ability.PUSHES_BACK);
    ContractWay way = openAny();
    InParallel<Boolean> writing = writingAheadOf(way);
    way.closeSink().run();
    assertThat(writing.failure()).isInstanceOf(PipeException.Closed.class);
    assertThatExceptionOfType(PipeException.class).isThrownBy(() -> write(way.sink(), "more"));
  }

  @Test
  default void wakesWhoAwaitsACommitWhenItIsClosed() throws Exception {
    needs(ContractPlace.Ability.TELLS_COMMITS);
    ContractWay way = openAny();
    long end = write(way.sink(), "never read");
    InParallel<Object> awaiting = InParallel.run(() -> way.sink().awaitCommitted(end));
    awaiting.awaitBlocked();
    way.closeSink().run();
    assertThat(awaiting.failure()).isInstanceOf(PipeException.class);
  }

  @Test
  default void canBeClosedAgainAndByAnyone() throws Exception {
    ContractWay way = openAny();
    write(way.sink(), "message");
    InParallel<Boolean> closing =
        InParallel.run(() -> {
          way.close();
          return true;
        });
    way.close();
    assertThat(closing.join()).isTrue();
    way.close();
    way.sink().close();
    way.source().close();
  }

  @Test
  default void neverEndsCleanlyWithoutAFinish() throws Exception {
    needs(ContractPlace.Ability.TELLS_ABORTS);
    ContractWay way = openAny();
    write(way.sink(), "message");
    way.closeSink().run();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    assertThat(reading.failure()).isInstanceOf(PipeException.class);
    assertThat(way.source().finished()).isFalse();
  }

  @Test
  default void wakesABlockedReaderWhenItsWriterGoesWithoutAFinish() throws Exception {
    needs(ContractPlace.Ability.TELLS_ABORTS);
    ContractWay way = openAny();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    reading.awaitBlocked();
    way.closeSink().run();
    assertThat(reading.failure()).isInstanceOf(PipeException.class);
    assertThat(way.source().finished()).isFalse();
  }

  @Test
  default void tellsAWaitingWriterThatItsReaderIsGone() throws Exception {
    needs(ContractPlace.Ability.TELLS_ABORTS);
    needs(ContractPlace.Ability.PUSHES_BACK);
    ContractWay way = openAny();
    InParallel<Boolean> writing = writingAheadOf(way);
    way.closeSource().run();
    assertThat(writing.failure()).isInstanceOf(PipeException.class);
  }

  @Test
  default void neverFinishesWhenItsReaderIsGone() throws Exception {
    needs(ContractPlace.Ability.TELLS_ABORTS);
    ContractWay way = openAny();
    write(way.sink(), "never read");
    InParallel<Boolean> finishing =
        InParallel.run(() -> {
          way.sink().finish();
          return true;
        });
    finishing.awaitBlocked();
    way.closeSource().run();
    assertThat(finishing.failure()).isInstanceOf(PipeException.class);
  }

  @Test
  default void throwsAnInterruptOnOutOfARead() throws Exception {
    ContractWay way = openAny();
    Source source = way.source();
    InParallel<@Nullable Batch> reading = InParallel.run(source::read);
    reading.awaitBlocked();
    reading.thread().interrupt();
    assertThat(reading.failure()).isInstanceOf(InterruptedException.class);
  }

  @Test
  default void throwsAnInterruptOnOutOfAWrite() throws Exception {
    needs(ContractPlace.Ability.PUSHES_BACK);
    ContractWay way = openAny();
    InParallel<Boolean> writing = writingAheadOf(way);
    writing.thread().interrupt();
    assertThat(writing.failure()).isInstanceOf(InterruptedException.class);
  }

  @Test
  default void throwsAnInterruptOnOutOfAwaitingACommit() throws Exception {
    needs(ContractPlace.Ability.TELLS_COMMITS);
    ContractWay way = openAny();
    Sink sink = way.sink();
    long end = write(sink, "never read");
    InParallel<Object> awaiting = InParallel.run(() -> sink.awaitCommitted(end));
    awaiting.awaitBlocked();
    awaiting.thread().interrupt();
    assertThat(awaiting.failure()).isInstanceOf(InterruptedException.class);
  }

  /** A writer that has got as far as it can, and waits. */
  private InParallel<Boolean> writingAheadOf(ContractWay way) {
    AtomicLong written = new AtomicLong();
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          writeZeros(way.sink(), 4 * place().waitingBytesMax(), written);
          return true;
        });
    InParallel.await(() -> written.get() > 0);
    InParallel.awaitStill(written::get);
    assertThat(writing.ended()).isFalse();
    return writing;
  }
}
