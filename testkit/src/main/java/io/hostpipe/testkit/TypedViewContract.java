package io.hostpipe.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Committed;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.TypedMessage;
import io.hostpipe.TypedMessages;
import io.hostpipe.TypedPipe;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * A pipe of values keeps what it promises: what does not parse is refused at its position, and
 * nothing else is.
 */
public interface TypedViewContract extends ContractTests {
  @Test
  default void valuesComeAndGoBothWays() throws Exception {
    needs(ContractPlace.Ability.BOTH_WAYS);
    ContractWay way = openMessages();
    TypedPipe<Integer, Integer> asking = way.near().typed(TypedViewContract::number, this::text);
    TypedPipe<Integer, Integer> answering = way.far().typed(TypedViewContract::number, this::text);
    InParallel<Long> serving =
        InParallel.run(() -> {
          for (TypedMessage<Integer> question : answering.messages()) {
            answering.send(question.value() * 2, question.headers());
            question.commit();
          }
          answering.finish();
          return answering.messages().refusedCount();
        });
    for (int number = 1; number <= 200; number++) {
      asking.send(number, Headers.of("kind", "question"));
      TypedMessage<Integer> answer = Objects.requireNonNull(asking.messages().read());
      assertThat(answer.value()).isEqualTo(number * 2);
      assertThat(answer.headers().text("kind")).isEqualTo("question");
      assertThat(answer.payload()).isEqualTo(text(number * 2));
      answer.commit();
    }
    InParallel<Boolean> finishing =
        InParallel.run(() -> {
          asking.finish();
          return true;
        });
    assertThat(asking.messages().read(Duration.ofSeconds(20))).isNull();
    assertThat(asking.messages().finished()).isTrue();
    assertThat(asking.messages().iterator().hasNext()).isFalse();
    assertThat(serving.join()).isZero();
    finishing.join();
  }

  @Test
  default void whatDoesNotParseIsRefusedAndWhatIsAroundItArrives() throws Exception {
    ContractWay way = openTyped();
    long first = write(way.sink(), "1");
    long second = write(way.sink(), "two");
    long third = write(way.sink(), "three");
    long fourth = write(way.sink(), "4");
    InParallel<List<Committed.Rejected>> told = InParallel.run(() -> refusals(way.sink(), fourth));
    List<String> heard = new ArrayList<>();
    TypedMessages<Integer> messages =
        way.far()
            .typed(TypedViewContract::number)
            .onRefused((message, why) -> heard.add(message.text() + ": " + why.getMessage()));
    List<Integer> values = new ArrayList<>();
    Iterator<TypedMessage<Integer>> each = messages.iterator();
    while (values.size() < 2) {
      TypedMessage<Integer> message = each.next();
      assertThat(message.endPosition()).isIn(first, fourth);
      values.add(message.value());
      message.commit();
    }
    readUntilRefused(messages, 2);
    assertThat(values).containsExactly(1, 4);
    assertThat(messages.refusedCount()).isEqualTo(2);
    assertThat(heard).hasSize(2).first().asString().startsWith("two: For input string");
    List<Committed.Rejected> refused = told.join();
    assertThat(refused).extracting(Committed.Rejected::endPosition).containsExactly(second, third);
    assertThat(refused.getFirst().why().status()).isEqualTo(Status.INVALID_ARGUMENT);
    assertThat(refused.getFirst().why().reason())
        .isEqualTo(
            "does not parse: the message of 3 bytes that ends at position "
                + second
                + ": For input string: \"two\"");
  }

  @Test
  default void aBadMessageWithNothingOpenBeforeItNeedsNoOtherToBeRefused() throws Exception {
    ContractWay way = openTyped();
    TypedMessages<Integer> messages = way.far().typed(TypedViewContract::number);
    long first = write(way.sink(), "bad");
    readUntilRefused(messages, 1);
    assertThat(refusals(way.sink(), first)).hasSize(1);
    write(way.sink(), "7");
    Objects.requireNonNull(messages.read()).commit();
    long third = write(way.sink(), "bad too");
    readUntilRefused(messages, 2);
    assertThat(refusals(way.sink(), third))
        .singleElement()
        .extracting(Committed.Rejected::endPosition)
        .isEqualTo(third);
  }

  @Test
  default void noCommitStandsForAMessageThatIsStillOpen() throws Exception {
    ContractWay way = openTyped();
    TypedMessages<Integer> messages = way.far().typed(TypedViewContract::number);
    long first = write(way.sink(), "7");
    long second = write(way.sink(), "bad");
    TypedMessage<Integer> open = Objects.requireNonNull(messages.read());
    readUntilRefused(messages, 1);
    assertThat(way.sink().awaitCommitted(first, Duration.ofMillis(20)).position()).isZero();
    open.reject(new Rejection(Status.OUT_OF_RANGE, "7 is too many"));
    open.commit();
    readUntilRefused(messages, 1);
    assertThat(refusals(way.sink(), second))
        .extracting(Committed.Rejected::endPosition)
        .containsExactly(first, second);
  }

  @Test
  default void whatTheObserverThrowsLeavesTheMessageToItsSender() throws Exception {
    ContractWay way = openTyped();
    write(way.sink(), "bad");
    TypedMessages<Integer> messages =
        way.far()
            .typed(TypedViewContract::number)
            .onRefused((message, why) -> {
              throw new IllegalStateException("no place to keep " + message.text(), why);
            });
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(messages::read)
        .withMessage("no place to keep bad");
    assertThat(way.sink().committed().position()).isZero();
  }

  @Test
  default void aParserThatMakesNothingRefuses() throws Exception {
    ContractWay way = openTyped();
    long end = write(way.sink(), "anything");
    readUntilRefused(way.far().typed(TypedViewContract::nothing), 1);
    assertThat(refusals(way.sink(), end))
        .singleElement()
        .extracting(each -> each.why().reason())
        .asString()
        .endsWith("the parser made nothing");
  }

  private ContractWay openTyped() throws PipeException, InterruptedException {
    needs(ContractPlace.Ability.BOTH_WAYS);
    needs(ContractPlace.Ability.TELLS_COMMITS);
    needs("REJECTS", place().capabilities().rejects());
    return openMessages();
  }

  /**
   * Then the peer is told, too: a source may gather what it has to tell until it is asked again.
   */
  private static void readUntilRefused(TypedMessages<Integer> messages, int count)
      throws PipeException, InterruptedException {
    while (messages.refusedCount() < count) {
      assertThat(messages.read(Duration.ofSeconds(1))).isNull();
    }
    assertThat(messages.read(Duration.ofMillis(1))).isNull();
  }

  @SuppressWarnings("NullAway") // A program that is not checked may do this.
  private static Integer nothing(byte[] payload) {
    return null;
  }

  private static int number(byte[] payload) {
    return Integer.parseInt(new String(payload, StandardCharsets.UTF_8));
  }

  private byte[] text(int number) {
    return Integer.toString(number).getBytes(StandardCharsets.UTF_8);
  }
}
