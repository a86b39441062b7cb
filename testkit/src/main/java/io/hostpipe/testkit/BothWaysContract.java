package io.hostpipe.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Batch;
import io.hostpipe.Committed;
import io.hostpipe.Encoding;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The two directions of a pipe do not depend on each other. */
public interface BothWaysContract extends ContractTests {
  @Test
  default void finishesOneWayWhileTheOtherGoesOn() throws Exception {
    needs(ContractPlace.Ability.BOTH_WAYS);
    ContractWay forth = openMessages();
    ContractWay back = Objects.requireNonNull(forth.back());
    InParallel<Received> question = InParallel.run(() -> Received.readAll(forth.source(), true));
    write(forth.sink(), "question");
    forth.sink().finish();
    assertThat(question.join().texts()).containsExactly("question");
    InParallel<Received> answer = InParallel.run(() -> Received.readAll(back.source(), true));
    write(back.sink(), "answer");
    write(back.sink(), "and more");
    back.sink().finish();
    assertThat(answer.join().texts()).containsExactly("answer", "and more");
  }

  @Test
  default void letsGoOfAFinishedWayWhileTheOtherGoesOn() throws Exception {
    needs(ContractPlace.Ability.BOTH_WAYS);
    ContractWay forth = openMessages();
    ContractWay back = Objects.requireNonNull(forth.back());
    InParallel<Received> question = InParallel.run(() -> Received.readAll(forth.source(), true));
    write(forth.sink(), "question");
    forth.sink().finish();
    forth.sink().close();
    assertThat(question.join().texts()).containsExactly("question");
    forth.source().close();
    InParallel<Received> answer = InParallel.run(() -> Received.readAll(back.source(), true));
    write(back.sink(), "answer");
    back.sink().finish();
    assertThat(answer.join().texts()).containsExactly("answer");
  }

  @Test
  default void movesBothWaysAtOnce() throws Exception {
    needs(ContractPlace.Ability.BOTH_WAYS);
    ContractWay forth = openAny();
    ContractWay back = Objects.requireNonNull(forth.back());
    long lengthBytes = 20_000_000;
    InParallel<Long> readingForth = reading(forth);
    InParallel<Long> readingBack = reading(back);
    InParallel<Boolean> writingForth = writing(forth, lengthBytes);
    InParallel<Boolean> writingBack = writing(back, lengthBytes);
    assertThat(writingForth.join()).isTrue();
    assertThat(writingBack.join()).isTrue();
    assertThat(readingForth.join()).isGreaterThanOrEqualTo(lengthBytes);
    assertThat(readingBack.join()).isGreaterThanOrEqualTo(lengthBytes);
  }

  @Test
  default void readsWhileTheOtherWayIsFull() throws Exception {
    needs(ContractPlace.Ability.BOTH_WAYS);
    needs(ContractPlace.Ability.PUSHES_BACK);
    ContractWay forth = openMessages();
    ContractWay back = Objects.requireNonNull(forth.back());
    AtomicLong written = new AtomicLong();
    InParallel<Boolean> full =
        InParallel.run(() -> {
          writeZeros(forth.sink(), 4 * place().waitingBytesMax(), written);
          return true;
        });
    InParallel.awaitStill(written::get);
    InParallel<Received> answer = InParallel.run(() -> Received.readAll(back.source(), true));
    write(back.sink(), "answer");
    back.sink().finish();
    assertThat(answer.join().texts()).containsExactly("answer");
    assertThat(full.ended()).isFalse();
    forth.close();
    assertThat(full.failure()).isNotNull();
  }

  @Test
  default void wakesReaderAndWriterAndWhoAwaitsWhenThePipeIsClosed() throws Exception {
    needs(ContractPlace.Ability.BOTH_WAYS);
    needs(ContractPlace.Ability.PUSHES_BACK);
    Pipe pipe = openMessages().near();
    AtomicLong written = new AtomicLong();
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          writeZeros(pipe.sink(), 4 * place().waitingBytesMax(), written);
          return true;
        });
    InParallel<@Nullable Batch> reading = InParallel.run(() -> pipe.source().read());
    InParallel<Committed> awaiting =
        InParallel.run(() -> pipe.sink().awaitCommitted(Long.MAX_VALUE));
    InParallel.awaitStill(written::get);
    reading.awaitBlocked();
    awaiting.awaitBlocked();
    pipe.close();
    assertThat(writing.failure()).isInstanceOf(PipeException.Closed.class);
    assertThat(reading.failure()).isInstanceOf(PipeException.Closed.class);
    assertThat(awaiting.failure()).isInstanceOf(PipeException.Closed.class);
    pipe.close();
  }

  @Test
  default void keepsTwoStreamsApart() throws Exception {
    needs(Encoding.RECORDS);
    ContractWay one = open(Encoding.RECORDS);
    ContractWay two = open(Encoding.RECORDS);
    InParallel<Received> readingOne = InParallel.run(() -> Received.readAll(one.source(), true));
    InParallel<Received> readingTwo = InParallel.run(() -> Received.readAll(two.source(), true));
    for (int each = 0; each < 100; each++) {
      write(one.sink(), "one " + each);
      if (each % 3 == 0) {
        write(two.sink(), "two");
      }
    }
    two.sink().finish();
    one.sink().finish();
    assertThat(readingOne.join().texts()).hasSize(100).allMatch(text -> text.startsWith("one "));
    assertThat(readingTwo.join().texts()).hasSize(34).containsOnly("two");
    assertThat(readingTwo.join().endPosition()).as("its own positions").isEqualTo(34 * 5);
    assertThat(one.source().stream()).isNotEqualTo(two.source().stream());
  }

  private static InParallel<Long> reading(ContractWay way) {
    return InParallel.run(() -> Received.readAll(way.source(), true).payloadBytes());
  }

  private InParallel<Boolean> writing(ContractWay way, long lengthBytes) {
    return InParallel.run(() -> {
      writeZeros(way.sink(), lengthBytes, new AtomicLong());
      way.sink().finish();
      return true;
    });
  }
}
