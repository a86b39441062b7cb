package io.hostpipe.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Committed;
import io.hostpipe.Headers;
import io.hostpipe.Message;
import io.hostpipe.MessageSubscriber;
import io.hostpipe.Messages;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A pipe of messages as an iterable, as a publisher and as a subscriber keeps what it promises. */
public interface MessageViewContract extends ContractTests {
  @Test
  default void readsMessagesOneByOneAndForALimitedTime() throws Exception {
    ContractWay way = openTwoWays();
    Messages messages = way.far().messages();
    assertThat(messages.read(Duration.ofMillis(5))).isNull();
    assertThat(messages.finished()).isFalse();
    write(way.sink(), "one", "two", "three", "four");
    List<String> seen = new ArrayList<>();
    for (Message message : messages) {
      seen.add(message.text());
      if (seen.size() == 2) {
        break;
      }
    }
    seen.add(Objects.requireNonNull(messages.read(Duration.ofMinutes(2))).text());
    assertThat(messages.iterator().hasNext()).isTrue();
    Message last = Objects.requireNonNull(messages.read());
    seen.add(last.text());
    assertThat(seen).containsExactly("one", "two", "three", "four");
    last.commit();
    InParallel<Boolean> finishing =
        InParallel.run(() -> {
          way.sink().finish();
          return true;
        });
    assertThat(messages.read(Duration.ofMinutes(2))).isNull();
    assertThat(messages.finished()).isTrue();
    assertThat(messages.read()).isNull();
    assertThat(messages.iterator().hasNext()).isFalse();
    finishing.join();
  }

  @Test
  default void anIteratorThrowsWhatBrokeThePipe() throws Exception {
    needs(ContractPlace.Ability.TELLS_ABORTS);
    ContractWay way = openTwoWays();
    InParallel<Integer> counting =
        InParallel.run(() -> {
          int count = 0;
          for (Message each : way.far().messages()) {
            count += each.payload().length;
          }
          return count;
        });
    way.near().send(new byte[1]);
    way.closeSink().run();
    assertThat(counting.failure())
        .isInstanceOf(UncheckedIOException.class)
        .hasCauseInstanceOf(PipeException.class);
  }

  @Test
  default void tellsOfACommitByWaitingOrByAStage() throws Exception {
    needs(ContractPlace.Ability.TELLS_COMMITS);
    ContractWay way = openTwoWays();
    Pipe.Sent sent = way.near().send(new byte[3]);
    assertThat(sent.awaitCommitted(Duration.ofMillis(5)).position()).isLessThan(sent.endPosition());
    CompletableFuture<Committed> stage = sent.whenCommitted().toCompletableFuture();
    assertThat(stage).isNotDone();
    Message message = Objects.requireNonNull(way.far().messages().read());
    message.commit();
    way.source().read(Duration.ofMillis(1));
    assertThat(sent.awaitCommitted().position()).isEqualTo(sent.endPosition());
    assertThat(stage.get(2, TimeUnit.MINUTES).position()).isEqualTo(sent.endPosition());
    CompletableFuture<Committed> never =
        way.near().send(new byte[3]).whenCommitted().toCompletableFuture();
    way.closeSink().run();
    assertThat(never)
        .failsWithin(Duration.ofMinutes(2))
        .withThrowableThat()
        .withCauseInstanceOf(PipeException.class);
  }

  @Test
  default void handsMessagesOnFromPipeToPipeAndTheirCommitsBack() throws Exception {
    needs(ContractPlace.Ability.TELLS_COMMITS);
    ContractWay first = openTwoWays();
    ContractWay second = openTwoWays();
    MessageSubscriber relay = second.near().subscriber();
    first.far().publisher().subscribe(relay);
    int count = 2_000;
    InParallel<Boolean> sending =
        InParallel.run(() -> {
          Headers headers = Headers.of("kind", "number");
          for (int number = 0; number < count; number++) {
            first.near().send(("" + number).getBytes(StandardCharsets.UTF_8), headers);
          }
          first.sink().finish();
          return true;
        });
    Messages received = second.far().messages();
    for (int number = 0; number < count; number++) {
      Message message = Objects.requireNonNull(received.read());
      assertThat(message.text()).isEqualTo("" + number);
      assertThat(message.headers().text("kind")).isEqualTo("number");
      if (number == 0) {
        assertThat(sending.ended()).isFalse();
        assertThat(first.sink().committed().position()).isZero();
      }
      message.commit();
    }
    assertThat(received.read()).isNull();
    Committed all = relay.finished().toCompletableFuture().get(2, TimeUnit.MINUTES);
    assertThat(all.position()).isPositive();
    assertThat(sending.join()).isTrue();
  }

  @Test
  default void commitsComeBackThroughASubscriberWhileItsPublisherIsQuiet() throws Exception {
    needs(ContractPlace.Ability.TELLS_COMMITS);
    ContractWay first = openTwoWays();
    ContractWay second = openTwoWays();
    first.far().publisher().subscribe(second.near().subscriber());
    Messages received = second.far().messages();
    for (int round = 0; round < 3; round++) {
      Pipe.Sent sent = first.near().send(new byte[] {1, 2, 3});
      Objects.requireNonNull(received.read()).commit();
      second.source().read(Duration.ofMillis(1));
      assertThat(sent.awaitCommitted(Duration.ofMinutes(2)).position())
          .isEqualTo(sent.endPosition());
    }
  }

  @Test
  default void aMessageWithAnotherPayloadCommitsTheOneItCameFrom() throws Exception {
    needs(ContractPlace.Ability.TELLS_COMMITS);
    ContractWay way = openTwoWays();
    Pipe.Sent sent = way.near().send(new byte[] {1});
    Message message = Objects.requireNonNull(way.far().messages().read());
    Message other = message.withPayload(new byte[] {2, 3});
    assertThat(other.payload()).hasSize(2);
    assertThat(other.endPosition()).isEqualTo(sent.endPosition());
    other.commit();
    way.source().read(Duration.ofMillis(1));
    assertThat(sent.awaitCommitted().position()).isEqualTo(sent.endPosition());
  }

  @Test
  default void anErrorOfThePublisherIsNoEndForThePeer() throws Exception {
    needs(ContractPlace.Ability.TELLS_ABORTS);
    ContractWay way = openTwoWays();
    MessageSubscriber subscriber = way.near().subscriber();
    InParallel<Received> reading = InParallel.run(() -> Received.readAll(way.source(), true));
    try (SubmissionPublisher<Message> publisher = new SubmissionPublisher<>()) {
      publisher.subscribe(subscriber);
      publisher.submit(Message.of(new byte[1]));
      publisher.closeExceptionally(new IllegalArgumentException("of the publisher's own"));
    }
    assertThat(subscriber.finished().toCompletableFuture())
        .failsWithin(Duration.ofMinutes(2))
        .withThrowableThat()
        .withStackTraceContaining("of the publisher's own");
    assertThat(reading.failure()).isInstanceOf(PipeException.class);
  }

  @Test
  default void aSubscriberWhoseFullPipeIsClosedCancelsItsPublisher() throws Exception {
    needs(ContractPlace.Ability.PUSHES_BACK);
    ContractWay way = openTwoWays();
    MessageSubscriber subscriber = way.near().subscriber();
    Endless endless = new Endless();
    endless.subscribe(subscriber);
    InParallel.awaitStill(endless.given::get);
    assertThat(place().pool().takenBytes()).isLessThanOrEqualTo(place().waitingBytesMax());
    way.closeSink().run();
    assertThat(subscriber.finished().toCompletableFuture())
        .failsWithin(Duration.ofMinutes(2))
        .withThrowableThat()
        .withCauseInstanceOf(PipeException.Closed.class);
    InParallel.await(() -> endless.cancelled);
  }

  @Test
  default void aQuietSubscriberHearsThatItsPipeIsClosed() throws Exception {
    ContractWay way = openTwoWays();
    MessageSubscriber subscriber = way.near().subscriber();
    try (SubmissionPublisher<Message> publisher = new SubmissionPublisher<>()) {
      publisher.subscribe(subscriber);
      way.closeSink().run();
      assertThat(subscriber.finished().toCompletableFuture()).failsWithin(Duration.ofMinutes(2));
      InParallel.await(() -> publisher.getNumberOfSubscribers() == 0);
    }
  }

  @Test
  default void aRefusalEndsASubscriptionAndCommitsNothingBeyondIt() throws Exception {
    needs(ContractPlace.Ability.TELLS_COMMITS);
    needs("REJECTS", place().capabilities().rejects());
    ContractWay way = openTwoWays();
    MessageSubscriber subscriber = way.near().subscriber();
    try (SubmissionPublisher<Message> publisher = new SubmissionPublisher<>()) {
      publisher.subscribe(subscriber);
      publisher.submit(Message.of(new byte[5]));
      Message message = Objects.requireNonNull(way.far().messages().read());
      message.reject(new Rejection(Status.INVALID_ARGUMENT, "of another kind"));
      message.commit();
      try {
        way.source().read(Duration.ofMillis(1));
      } catch (PipeException.Closed e) {
        // The subscriber has heard of it already, and has given its pipe up.
      }
      assertThat(subscriber.finished().toCompletableFuture())
          .failsWithin(Duration.ofMinutes(2))
          .withThrowableThat()
          .withCauseInstanceOf(PipeException.Rejected.class)
          .withMessageContaining("of another kind");
    }
  }

  @Test
  default void aPublisherTellsItsSubscriberWhatBrokeThePipe() throws Exception {
    needs(ContractPlace.Ability.TELLS_ABORTS);
    ContractWay way = openTwoWays();
    CompletableFuture<Throwable> told = new CompletableFuture<>();
    way.far().publisher().subscribe(new Quiet(told));
    way.closeSink().run();
    assertThat(told.get(2, TimeUnit.MINUTES)).isInstanceOf(PipeException.class);
  }

  @Test
  default void cancellingASubscriptionClosesTheSource() throws Exception {
    needs(ContractPlace.Ability.TELLS_ABORTS);
    needs(ContractPlace.Ability.PUSHES_BACK);
    ContractWay way = openTwoWays();
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          while (true) {
            way.near().send(new byte[100_000]);
          }
        });
    Quiet quiet = new Quiet(new CompletableFuture<>());
    way.far().publisher().subscribe(quiet);
    Objects.requireNonNull(quiet.subscription).cancel();
    assertThat(writing.failure()).isInstanceOf(PipeException.class);
    assertThatExceptionOfType(PipeException.class).isThrownBy(() -> way.source().read());
  }

  private ContractWay openTwoWays() throws PipeException, InterruptedException {
    needs(ContractPlace.Ability.BOTH_WAYS);
    return openMessages();
  }

  /** Asks for nothing, and tells how it ended. */
  final class Quiet implements Flow.Subscriber<Message> {
    private final CompletableFuture<Throwable> told;
    private Flow.@Nullable Subscription subscription;

    private Quiet(CompletableFuture<Throwable> told) {
      this.told = told;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
    }

    @Override
    public void onNext(Message message) {
      throw new AssertionError("nothing was asked for");
    }

    @Override
    public void onError(Throwable why) {
      told.complete(why);
    }

    @Override
    public void onComplete() {
      told.completeExceptionally(new AssertionError("it did not end"));
    }
  }

  /** Gives as much as it is asked for, on the asking thread. */
  final class Endless implements Flow.Publisher<Message> {
    private final AtomicInteger given = new AtomicInteger();
    private volatile boolean cancelled;

    @Override
    public void subscribe(Flow.Subscriber<? super Message> subscriber) {
      subscriber.onSubscribe(
          new Flow.Subscription() {
            @Override
            public void request(long count) {
              for (long each = 0; each < count; each++) {
                given.incrementAndGet();
                subscriber.onNext(Message.of(new byte[60_000]));
              }
            }

            @Override
            public void cancel() {
              cancelled = true;
            }
          });
    }
  }
}
