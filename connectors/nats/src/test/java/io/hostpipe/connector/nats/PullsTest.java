package io.hostpipe.connector.nats;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.spi.Inbox;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.impl.NatsMessage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How messages are asked for, told by one that stands in for the consumer. */
final class PullsTest {
  private static final int BATCH = 4;
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

  @TempDir private Path folder;

  /** The subjects for answers to what was asked. */
  private final List<String> questions = new CopyOnWriteArrayList<>();

  private NatsServer server;
  private Subject subject;
  private Connection consumer;

  @BeforeEach
  void start() throws Exception {
    server = NatsServer.start(folder);
    subject = new Subject(server);
    consumer = subject.client();
  }

  @AfterEach
  void stop() throws Exception {
    subject.close();
    server.close();
  }

  /** The second one, which is asked beside another, and the fourth one, which is asked alone. */
  @Test
  void questionsThatAreDroppedWithoutAWordAreAskedAgain() throws Exception {
    Set<Integer> dropped = Set.of(2, 4);
    listen(() -> {
      if (!dropped.contains(questions.size())) {
        answer(questions.getLast(), BATCH);
      }
    });
    try (NatsConnection connection = connect()) {
      Inbox<Message> inbox = Pulls.newInbox();
      Pulls pulls = pulls(connection, 512, inbox);
      pulls.start();
      take(inbox, 5 * BATCH);
      assertThat(pulls.failure()).isNull();
      pulls.close();
    }
  }

  @Test
  void aConsumerThatMayHaveOneQuestionHasOneAtATime() throws Exception {
    listen(() -> {});
    try (NatsConnection connection = connect()) {
      Inbox<Message> inbox = Pulls.newInbox();
      Pulls pulls = pulls(connection, 1, inbox);
      pulls.start();
      InParallel.await(() -> questions.size() == 1);
      answer(questions.getFirst(), BATCH - 1);
      take(inbox, BATCH - 1);
      connection.nats().flush(Duration.ofMinutes(2));
      consumer.flush(Duration.ofMinutes(2));
      assertThat(questions).hasSize(1);
      answer(questions.getFirst(), 1);
      InParallel.await(() -> questions.size() == 2);
      pulls.close();
    }
  }

  private void listen(Runnable onQuestion) throws Exception {
    consumer
        .createDispatcher(question -> {
          questions.add(question.getReplyTo());
          onQuestion.run();
        })
        .subscribe("$JS.API.CONSUMER.MSG.NEXT.stream.consumer");
    consumer.flush(Duration.ofMinutes(2));
  }

  private void answer(String question, int count) {
    for (int each = 0; each < count; each++) {
      consumer.publish(question, "a message".getBytes(US_ASCII));
    }
  }

  private static void take(Inbox<Message> inbox, int count) throws Exception {
    for (int each = 0; each < count; each++) {
      assertThat(inbox.poll(PATIENCE_NANOS)).isNotNull();
    }
  }

  private NatsConnection connect() throws Exception {
    return NatsConnection.open(NatsOptions.of(subject.address("?jetstream"), true), () -> {});
  }

  private static Pulls pulls(NatsConnection connection, int waitingMax, Inbox<Message> inbox) {
    String json =
        "{\"stream_name\":\"stream\",\"name\":\"consumer\",\"config\":{\"max_batch\":"
            + BATCH
            + ",\"max_waiting\":"
            + waitingMax
            + "}}";
    ConsumerInfo info =
        new ConsumerInfo(NatsMessage.builder().subject("any").data(json, US_ASCII).build());
    return new Pulls(connection, "the consumer", info, inbox, message -> true, 1_000);
  }
}
