package io.hostpipe.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What was committed or refused is told to the writer: cumulatively, and each refusal once. */
public interface CommitContract extends ContractTests {
  @Test
  default void tellsCommitsCumulatively() throws Exception {
    needs(ContractPlace.Ability.TELLS_COMMITS);
    ContractWay way = openAny();
    Sink sink = way.sink();
    Source source = way.source();
    long first = write(sink, "first");
    long second = write(sink, "second");
    long third = write(sink, "third");
    assertThat(sink.committed().position()).isZero();
    InParallel<Received> reading = InParallel.run(() -> Received.readCount(source, 3, third));
    assertThat(reading.join().endPosition()).isEqualTo(third);
    source.commit(second);
    flush(source);
    assertThat(sink.awaitCommitted(first).position()).isEqualTo(second);
    assertThat(sink.awaitCommitted(second).position()).isEqualTo(second);
    source.commit(first);
    flush(source);
    assertThat(sink.awaitCommitted(third, Duration.ofMillis(20)).position()).isEqualTo(second);
    source.commit(third);
    flush(source);
    assertThat(sink.awaitCommitted(third).position()).isEqualTo(third);
    assertThat(sink.committed()).isEqualTo(new Committed(third, List.of()));
  }

  @Test
  default void commitsOnOneThreadWhileAnotherIsBlockedInARead() throws Exception {
    needs(ContractPlace.Ability.TELLS_COMMITS);
    ContractWay way = openAny();
    long end = write(way.sink(), "message");
    Received.readCount(way.source(), 1, end);
    InParallel<@Nullable Batch> reading = InParallel.run(() -> way.source().read());
    reading.awaitBlocked();
    way.source().commit(end);
    assertThat(way.sink().awaitCommitted(end, Duration.ofMinutes(2)).position()).isEqualTo(end);
    assertThat(reading.ended()).isFalse();
    way.close();
    assertThat(reading.failure()).isInstanceOf(PipeException.class);
  }

  @Test
  default void refusesToCommitWhatWasNotRead() throws Exception {
    needs(ContractPlace.Ability.TELLS_COMMITS);
    ContractWay way = openAny();
    long end = write(way.sink(), "message");
    Received.readCount(way.source(), 1, end);
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> way.source().commit(end + 1));
  }

  @Test
  default void completesAStageWithItsCommit() throws Exception {
    ContractWay way = openAny();
    Sink sink = way.sink();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    CompletableFuture<Committed> early = sink.whenCommitted(1).toCompletableFuture();
    long end = write(sink, "message");
    assertThat(early.get(2, TimeUnit.MINUTES).position()).isBetween(1L, end);
    CompletableFuture<Committed> late = sink.whenCommitted(end).toCompletableFuture();
    assertThat(late.get(2, TimeUnit.MINUTES).position()).isEqualTo(end);
    CompletableFuture<Committed> never = sink.whenCommitted(end + 1).toCompletableFuture();
    sink.finish();
    reading.join();
    assertThat(never).isNotCompleted();
    way.close();
    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(() -> never.get(2, TimeUnit.MINUTES))
        .withCauseInstanceOf(PipeException.class);
  }

  @Test
  default void tellsARefusalOnceAndPassesIt() throws Exception {
    needs(ContractPlace.Ability.TELLS_COMMITS);
    needs("REJECTS", place().capabilities().rejects());
    ContractWay way = openMessages();
    long first = write(way.sink(), "good");
    long second = write(way.sink(), "bad");
    long third = write(way.sink(), "good again");
    InParallel<List<Committed.Rejected>> awaiting =
        InParallel.run(() -> refusals(way.sink(), third));
    Rejection why = new Rejection(Status.INVALID_ARGUMENT, "not a number: 'bad'");
    Received.readCount(way.source(), 3, third);
    way.source().commit(first);
    way.source().reject(second, why);
    way.source().commit(third);
    flush(way.source());
    assertThat(awaiting.join()).containsExactly(new Committed.Rejected(second, why));
    assertThat(way.sink().committed()).isEqualTo(new Committed(third, List.of()));
  }

  @Test
  default void tellsRefusalsInTheOrderOfTheStreamHoweverTheyWereMade() throws Exception {
    needs(ContractPlace.Ability.TELLS_COMMITS);
    needs("REJECTS", place().capabilities().rejects());
    ContractWay way = openMessages();
    long first = write(way.sink(), "bad");
    long second = write(way.sink(), "bad too");
    long third = write(way.sink(), "good");
    Received.readCount(way.source(), 3, third);
    Rejection why = new Rejection(Status.INVALID_ARGUMENT, "bad");
    way.source().reject(second, why);
    way.source().reject(first, why);
    assertThat(way.sink().awaitCommitted(first, Duration.ofMillis(20)))
        .isEqualTo(new Committed(0, List.of()));
    way.source().commit(first);
    flush(way.source());
    assertThat(way.sink().awaitCommitted(first))
        .isEqualTo(new Committed(first, List.of(new Committed.Rejected(first, why))));
    way.source().commit(third);
    flush(way.source());
    assertThat(way.sink().awaitCommitted(third))
        .isEqualTo(new Committed(third, List.of(new Committed.Rejected(second, why))));
  }

  @Test
  default void refusesAMessageByItselfAndPassesIt() throws Exception {
    ByteBuffer bad = place().refusedPayload();
    needs("REFUSES_BY_ITSELF", bad != null);
    ContractWay way = openMessages();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    long second;
    long third;
    try (BatchWriter batch = way.sink().newBatch(0)) {
      batch.add(bytes("good"));
      batch.add(Objects.requireNonNull(bad));
      second = batch.lengthBytes();
      batch.add(bytes("good again"));
      third = way.sink().write(batch);
    }
    List<Committed.Rejected> rejected = refusals(way.sink(), third);
    assertThat(rejected).singleElement().extracting("endPosition").isEqualTo(second);
    assertThat(rejected.getFirst().why().reason()).isNotBlank();
    way.sink().finish();
    assertThat(reading.join().texts()).containsExactly("good", "good again");
  }

  /** A source may gather what it has to tell until it is asked for more. */
  private static void flush(Source source) throws PipeException, InterruptedException {
    assertThat(source.read(Duration.ofMillis(1))).isNull();
  }
}
