package io.hostpipe.connector.nats;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A durable consumer: the server keeps the place, and nothing that was not committed is lost. */
final class SharedSourceTest {
  /** What the first number takes as a record, and what the first ten do. */
  private static final long FIRST_BYTES = 3;

  private static final long TEN_BYTES = 9 * 3 + 4;

  /** Of these a batch of 256 KiB holds a part. */
  private static final int LONG_BYTES = 30_000;

  private static final int LONG_COUNT = 30;

  @TempDir private Path folder;

  private NatsServer server;
  private Subject subject;

  @BeforeEach
  void start() throws Exception {
    server = NatsServer.start(folder);
    subject = new Subject(server);
    Sink sink = subject.sink("numbers", "?jetstream");
    Subject.writeNumbers(sink, 1, 100);
    sink.finish();
  }

  @AfterEach
  void stop() throws Exception {
    subject.close();
    server.close();
  }

  @Test
  void whatWasNotCommittedComesAgainAtOnceWhenItsReaderCloses() throws Exception {
    Source first = subject.source("?jetstream&durable=jobs");
    readWithoutCommit(first, 100);
    first.commit(TEN_BYTES);
    first.close();
    Source second = subject.source("?jetstream&durable=jobs");
    assertThat(Subject.read(second, 90))
        .containsExactlyInAnyOrderElementsOf(Subject.numbers(11, 100));
    assertThat(second.read(Duration.ofMillis(200))).isNull();
    awaitNothingPending();
  }

  @Test
  void anEndIsRefusedBeforeTheFirstMessageAndByTheCheck() {
    for (String end : List.of("last", "mark")) {
      String query = "?jetstream&durable=jobs&until=" + end;
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> subject.source(query))
          .withMessageContaining("a consumer that is shared has no end")
          .withMessageContaining("without durable=jobs");
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> subject.check(query, true))
          .withMessageContaining("a consumer that is shared has no end");
    }
  }

  @Test
  void whatIsGivenBackAgainWaitsLonger() throws Exception {
    Queue<String> answers = answers();
    for (int time = 1; time <= 3; time++) {
      Source source = subject.source("?jetstream&durable=jobs");
      readWithoutCommit(source, 100);
      source.close();
      String wanted = "-NAK {\"delay\":" + (300_000_000L << (time - 1)) + "}";
      InParallel.await(() -> answers.stream().filter(wanted::equals).count() == 100);
    }
    assertThat(answers.stream().filter(each -> each.startsWith("-NAK")).count()).isEqualTo(300);
  }

  @Test
  void whatABatchHadNoRoomForIsKeptAndComesAgainAtOnceWhenItsReaderCloses() throws Exception {
    Subject longer = longMessages();
    Queue<String> answers = answers();
    Source source = longer.source("?jetstream&durable=long&ack-wait=4s");
    try (Batch batch = Objects.requireNonNull(source.read())) {
      assertThat(batch.count()).isPositive().isLessThan(LONG_COUNT);
    }
    InParallel.await(() -> consumer(longer, "long").getNumAckPending() == LONG_COUNT);
    long since = System.nanoTime();
    InParallel.await(() -> System.nanoTime() - since > Duration.ofSeconds(9).toNanos());
    assertThat(consumer(longer, "long").getRedelivered()).as("more than twice the wait").isZero();
    source.close();
    InParallel.await(
        () -> answers.stream().filter(each -> each.startsWith("-NAK")).count() == LONG_COUNT);
    longer.close();
  }

  @Test
  void nothingGoesToAnotherReaderWhileASinkIsAway() throws Exception {
    // A machine that is busy may stand still for a second, and that is no third of this.
    Source slow = subject.source("?jetstream&durable=jobs&ack-wait=4s");
    long end = readWithoutCommit(slow, 100);
    Source other = subject.source("?jetstream&durable=jobs");
    assertThat(other.read(Duration.ofSeconds(9))).as("more than twice the wait").isNull();
    slow.commit(end);
    awaitNothingPending();
  }

  @Test
  void aReaderThatIsKilledLosesNothing() throws Exception {
    Source killed = subject.source("?jetstream&durable=jobs&ack-wait=4s");
    readWithoutCommit(killed, 100);
    server.kill();
    server.restart();
    killed.commit(0);
    Source other = subject.source("?jetstream&durable=jobs");
    killed.close();
    assertThat(Subject.read(other, 100))
        .containsExactlyInAnyOrderElementsOf(Subject.numbers(1, 100));
  }

  @Test
  void aCommitAfterABreakReachesTheServer() throws Exception {
    Source source = subject.source("?jetstream&durable=jobs");
    long end = readWithoutCommit(source, 100);
    server.kill();
    server.restart();
    assertThat(source.read(Duration.ofSeconds(2))).as("it connects again").isNull();
    source.commit(end);
    awaitNothingPending();
    assertThat(consumer().getNumPending()).isZero();
  }

  @Test
  void aMessageThatIsRefusedDoesNotComeAgain() throws Exception {
    Source source = subject.source("?jetstream&durable=jobs");
    long end = readWithoutCommit(source, 100);
    source.reject(FIRST_BYTES, new Rejection(Status.INVALID_ARGUMENT, "not a number"));
    source.commit(end);
    source.close();
    awaitNothingPending();
    Source other = subject.source("?jetstream&durable=jobs");
    assertThat(other.read(Duration.ofMillis(200))).isNull();
  }

  @Test
  void aConsumerThatIsThereIsLookedAtAndNeverChanged() throws Exception {
    JetStreamManagement streams = subject.client().jetStreamManagement();
    String stream = streams.getStreamNames(subject.name()).getFirst();
    streams.createConsumer(
        stream, ConsumerConfiguration.builder().durable("all").ackPolicy(AckPolicy.All).build());
    Source refused = subject.source("?jetstream&durable=all");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(refused::read)
        .withMessageContaining("explicit is needed");
    Source made = subject.source("?jetstream&durable=jobs&ack-wait=2s");
    Subject.read(made, 1);
    Source other = subject.source("?jetstream&durable=jobs&ack-wait=7s");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(other::read)
        .withMessageContaining("waits 2 s");
    assertThat(consumer().getConsumerConfiguration().getAckWait()).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void aConsumerThatIsDeletedUnderItsReaderIsNotMadeAgain() throws Exception {
    Source source = subject.source("?jetstream&durable=jobs");
    assertThat(Subject.read(source, 100)).hasSize(100);
    JetStreamManagement streams = subject.client().jetStreamManagement();
    String stream = streams.getStreamNames(subject.name()).getFirst();
    assertThat(streams.deleteConsumer(stream, "jobs")).isTrue();
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(source::read)
        .withMessageContaining("the consumer jobs is gone: it was deleted while it was read")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.FAILED_PRECONDITION));
    assertThat(streams.getConsumerNames(stream)).isEmpty();
  }

  /** The outage is longer than a consumer is looked for, and says nothing of the consumer. */
  @Test
  void aConsumerThatIsNotFoundBeforeAndBehindAnOutageIsLookedForAnew() throws Exception {
    Source source = subject.source("?jetstream&durable=jobs");
    assertThat(Subject.read(source, 100)).hasSize(100);
    JetStreamManagement streams = subject.client().jetStreamManagement();
    String stream = streams.getStreamNames(subject.name()).getFirst();
    assertThat(streams.deleteConsumer(stream, "jobs")).isTrue();
    InParallel<List<String>> reads = InParallel.run(() -> Subject.read(source, 100));
    InParallel.await(() -> reads.ended() || timesLookedFor() > 0);
    server.kill();
    long since = System.nanoTime();
    InParallel.await(() -> System.nanoTime() - since > Duration.ofSeconds(11).toNanos());
    long before = timesLookedFor();
    server.restart();
    InParallel.await(() -> reads.ended() || timesLookedFor() > before);
    subject
        .client()
        .jetStreamManagement()
        .createConsumer(
            stream,
            ConsumerConfiguration.builder().durable("jobs").ackPolicy(AckPolicy.Explicit).build());
    assertThat(reads.join()).isEqualTo(Subject.numbers(1, 100));
  }

  private long timesLookedFor() {
    return subject.warnings().stream().filter(each -> each.contains("is looked for")).count();
  }

  @Test
  void aConsumerWithNarrowLimitsIsAskedForNoMoreThanItGives() throws Exception {
    JetStreamManagement streams = subject.client().jetStreamManagement();
    String stream = streams.getStreamNames(subject.name()).getFirst();
    streams.createConsumer(
        stream,
        ConsumerConfiguration.builder()
            .durable("narrow")
            .ackPolicy(AckPolicy.Explicit)
            .maxBatch(7)
            .maxBytes(100)
            .maxExpires(Duration.ofSeconds(1))
            .maxPullWaiting(2)
            .build());
    Source source = subject.source("?jetstream&durable=narrow");
    assertThat(Subject.read(source, 100)).isEqualTo(Subject.numbers(1, 100));
    assertThat(source.read(Duration.ofSeconds(3))).isNull();
    Subject.writeNumbers(subject.sink("more", "?jetstream"), 101, 101);
    assertThat(Subject.read(source, 1)).isEqualTo(Subject.numbers(101, 101));
    assertThat(subject.warnings()).isEmpty();
  }

  /** A subject with messages of which a batch holds a part. */
  private Subject longMessages() throws Exception {
    Subject longer = new Subject(server);
    Sink sink = longer.sink("long", "?jetstream");
    for (int count = 0; count < LONG_COUNT; count++) {
      Subject.write(sink, "x".repeat(LONG_BYTES), Headers.EMPTY);
    }
    sink.awaitCommitted(sink.resume().position());
    return longer;
  }

  /** What readers answer to messages, from here on. */
  private Queue<String> answers() throws Exception {
    Queue<String> answers = new ConcurrentLinkedQueue<>();
    Connection client = subject.client();
    client
        .createDispatcher(answer -> answers.add(new String(answer.getData(), US_ASCII)))
        .subscribe("$JS.ACK.>");
    client.flush(Duration.ofMinutes(2));
    return answers;
  }

  private static ConsumerInfo consumer(Subject of, String name) {
    try {
      JetStreamManagement streams = of.client().jetStreamManagement();
      return streams.getConsumerInfo(streams.getStreamNames(of.name()).getFirst(), name);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private ConsumerInfo consumer() {
    return consumer(subject, "jobs");
  }

  /** The server has heard of what was committed; it takes it in on a thread of its own. */
  private void awaitNothingPending() throws Exception {
    JetStreamManagement streams = subject.client().jetStreamManagement();
    String stream = streams.getStreamNames(subject.name()).getFirst();
    InParallel.await(() -> {
      try {
        return streams.getConsumerInfo(stream, "jobs").getNumAckPending() == 0;
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    });
  }

  /** Reads so many messages, and answers where they end. */
  private static long readWithoutCommit(Source source, int count) throws Exception {
    long end = 0;
    for (int read = 0; read < count; ) {
      try (Batch batch = Objects.requireNonNull(source.read())) {
        read += batch.count();
        end = batch.endPosition();
      }
    }
    return end;
  }
}
