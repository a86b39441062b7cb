package io.hostpipe.connector.rabbitmq;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.ShutdownSignalException;
import io.hostpipe.Batch;
import io.hostpipe.Committed;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.InParallel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Requests and answers over one queue, with programs that know nothing of Hostpipe. */
final class RequestsTest extends WithQueue {
  @BeforeAll
  static void awaitRunning() throws Exception {
    server.awaitRunning();
  }

  @Test
  void aForeignServiceAnswersInTheOrderOfTheRequestsAndTheStreamEnds() throws Exception {
    Channel service = service();
    List<Delivery> held = new ArrayList<>();
    service.basicConsume(
        queue.name(),
        true,
        (tag, request) -> {
          // Two by two, and the second one first.
          held.add(request);
          if (held.size() == 2) {
            for (Delivery each : held.reversed()) {
              answer(service, each, text(each.getBody()) + "!");
            }
            held.clear();
          }
        },
        tag -> {});
    Pipe pipe = queue.pipe("?timeout=1h", false);
    TestQueue.writeNumbers(pipe.sink(), 1, 1_000);
    InParallel<Boolean> finishing = finishing(pipe);
    List<String> expected = TestQueue.numbers(1, 1_000).stream().map(each -> each + "!").toList();
    assertThat(TestQueue.read(pipe.source(), 1_000)).isEqualTo(expected);
    assertThat(finishing.join()).isTrue();
    assertThat(pipe.source().read()).isNull();
    assertThat(pipe.source().finished()).isTrue();
    assertThat(queue.warnings()).isEmpty();
  }

  @Test
  void aRequestThatNobodyAnswersIsRejectedAndTheOthersGoOn() throws Exception {
    Channel service = service();
    Queue<Delivery> late = new ConcurrentLinkedQueue<>();
    service.basicConsume(
        queue.name(),
        true,
        (tag, request) -> {
          if (text(request.getBody()).equals("2")) {
            late.add(request);
          } else {
            answer(service, request, text(request.getBody()) + "!");
          }
        },
        tag -> {});
    Pipe pipe = queue.pipe("?timeout=10s", false);
    TestQueue.writeNumbers(pipe.sink(), 1, 3);
    assertThat(TestQueue.read(pipe.source(), 2)).containsExactly("1!", "3!");
    answer(service, Objects.requireNonNull(late.peek()), "too late");
    InParallel.await(() ->
        queue.warnings().stream()
            .anyMatch(each -> each.contains("an answer that nobody waits for: it came too late")));
    pipe.sink().finish();
    assertThat(pipe.sink().committed().rejected())
        .singleElement()
        .satisfies(each -> {
          assertThat(each.why().status()).isEqualTo(Status.DEADLINE_EXCEEDED);
          assertThat(each.why().reason()).contains("no answer within 10000 ms");
        });
  }

  @Test
  void whereThereIsNoQueueThatIsSaidAtOnce() throws Exception {
    Pipe pipe = queue.pipe("?timeout=1h", false);
    long end = TestQueue.write(pipe.sink(), "anybody?", Headers.EMPTY);
    Committed committed = pipe.sink().awaitCommitted(end);
    assertThat(committed.rejected())
        .singleElement()
        .satisfies(each -> {
          assertThat(each.why().status()).isEqualTo(Status.NOT_FOUND);
          assertThat(each.why().reason()).contains("nobody answers: there is no queue");
        });
  }

  @Test
  void whatNobodyHasTakenWhenItsTimeIsUpNobodyIsGiven() throws Exception {
    Channel service = service();
    Pipe pipe = queue.pipe("?timeout=50ms", false);
    long end = TestQueue.write(pipe.sink(), "1", Headers.EMPTY);
    assertThat(pipe.sink().awaitCommitted(end).rejected()).hasSize(1);
    InParallel.await(() -> isEmpty(service));
  }

  @Test
  void headersOfRequestsAndAnswersArrive() throws Exception {
    Channel service = service();
    Pipe pipe = queue.pipe("?timeout=1h", false);
    Headers own = Headers.builder().add(Headers.CORRELATION_ID, "mine").add("unit", "kg").build();
    TestQueue.write(pipe.sink(), "how much?", own);
    GetResponse[] request = {null};
    InParallel.await(() -> {
      request[0] = get(service);
      return request[0] != null;
    });
    BasicProperties asked = request[0].getProps();
    assertThat(asked.getHeaders().get("unit")).hasToString("kg");
    assertThat(AmqpHeaders.read(asked, "").text(Headers.CORRELATION_ID)).isEqualTo("mine");
    BasicProperties properties =
        new BasicProperties.Builder()
            .correlationId(asked.getCorrelationId())
            .contentType("text/plain")
            .build();
    service.basicPublish("", asked.getReplyTo(), properties, "7".getBytes(UTF_8));
    try (Batch answer = Objects.requireNonNull(pipe.source().read())) {
      answer.forEach((at, payload, headers) ->
          assertThat(headers).isEqualTo(Headers.of(Headers.CONTENT_TYPE, "text/plain")));
    }
  }

  @Test
  void aForeignRequestIsAnsweredAndAcknowledgedThen() throws Exception {
    Pipe pipe = queue.pipe("", true);
    Channel client = queue.client();
    Queue<Delivery> answers = new ConcurrentLinkedQueue<>();
    ask(client, "how much?", "c1", answers);
    assertThat(TestQueue.read(pipe.source(), 1)).containsExactly("how much?");
    assertThat(answers).isEmpty();
    TestQueue.write(pipe.sink(), "7", Headers.of("unit", "kg"));
    InParallel.await(() -> !answers.isEmpty());
    Delivery answer = answers.remove();
    assertThat(text(answer.getBody())).isEqualTo("7");
    assertThat(answer.getProperties().getCorrelationId()).isEqualTo("c1");
    assertThat(answer.getProperties().getHeaders().get("unit")).hasToString("kg");
    pipe.close();
    assertThat(queue.takeAll(queue.name())).isEmpty();
  }

  @Test
  void aRequestWithoutAnAnswerGoesToTheNextWhoAnswers() throws Exception {
    Pipe first = queue.pipe("", true);
    Channel client = queue.client();
    Queue<Delivery> answers = new ConcurrentLinkedQueue<>();
    ask(client, "anybody?", "c1", answers);
    assertThat(TestQueue.read(first.source(), 1)).containsExactly("anybody?");
    first.close();
    Pipe second = queue.pipe("", true);
    assertThat(TestQueue.read(second.source(), 1)).containsExactly("anybody?");
    TestQueue.write(second.sink(), "I", Headers.EMPTY);
    InParallel.await(() -> !answers.isEmpty());
  }

  @Test
  void whatAskedForNoAnswerTakesItsOwnAndAnAnswerTooMuchIsRejected() throws Exception {
    Pipe pipe = queue.pipe("", true);
    queue.publish("news", java.util.Map.of());
    assertThat(TestQueue.read(pipe.source(), 1)).containsExactly("news");
    TestQueue.write(pipe.sink(), "to nobody", Headers.EMPTY);
    assertThat(pipe.sink().committed().rejected()).isEmpty();
    TestQueue.write(pipe.sink(), "once more", Headers.EMPTY);
    assertThat(pipe.sink().committed().rejected())
        .singleElement()
        .satisfies(each -> assertThat(each.why().reason()).contains("an answer too much"));
  }

  @Test
  void aRefusedRequestIsADeadLetterAndTheNextAnswerIsTheNextRequests() throws Exception {
    String dead = "dead." + queue.name();
    Pipe pipe = queue.pipe("?dead-letters=" + dead, true);
    Channel client = queue.client();
    Queue<Delivery> answers = new ConcurrentLinkedQueue<>();
    ask(client, "bad", "c1", answers);
    long end = readOne(pipe, "bad");
    pipe.source().reject(end, new Rejection(Status.INVALID_ARGUMENT, "no question"));
    ask(client, "good", "c2", answers);
    readOne(pipe, "good");
    TestQueue.write(pipe.sink(), "yes", Headers.EMPTY);
    InParallel.await(() -> !answers.isEmpty());
    assertThat(answers.remove().getProperties().getCorrelationId()).isEqualTo("c2");
    InParallel.await(() -> waiting(dead) == 1);
  }

  @Test
  void anAnswerToWhoHasGoneIsSaid() throws Exception {
    Pipe pipe = queue.pipe("", true);
    Channel client = queue.client();
    ask(client, "anybody?", "c1", new ConcurrentLinkedQueue<>());
    String named = client.queueDeclare().getQueue();
    publish(client, "to a queue", "c2", named);
    assertThat(TestQueue.read(pipe.source(), 2)).containsExactly("anybody?", "to a queue");
    client.getConnection().close();
    InParallel.await(() -> !exists(named));
    TestQueue.write(pipe.sink(), "I", Headers.EMPTY);
    assertThat(queue.warnings())
        .anyMatch(each -> each.contains("nobody waits for: whoever asked has gone (so far: 1)"));
    for (int more = 3; more <= 10; more++) {
      publish(queue.client(), "" + more, "c" + more, named);
    }
    TestQueue.read(pipe.source(), 8);
    TestQueue.writeNumbers(pipe.sink(), 2, 10);
    InParallel.await(
        () -> queue.warnings().stream().anyMatch(each -> each.contains("(so far: 10)")));
  }

  @Test
  void whatHasNoAnswerWhenTheConnectionBreaksIsAskedAgain() throws Exception {
    Channel service = service();
    Pipe pipe = queue.pipe("?timeout=1h", false);
    TestQueue.writeNumbers(pipe.sink(), 1, 3);
    InParallel.await(() -> waiting(queue.name()) == 3);
    server.administer("close_all_connections", "a test");
    Channel other = queue.client();
    other.basicConsume(
        queue.name(),
        true,
        (tag, request) -> {
          // Whoever asked first has gone; an answer goes nowhere.
          answer(other, request, text(request.getBody()) + "!");
        },
        tag -> {});
    assertThat(TestQueue.read(pipe.source(), 3)).containsExactly("1!", "2!", "3!");
    pipe.sink().finish();
    assertThat(pipe.sink().committed().rejected()).isEmpty();
    assertThat(service.isOpen()).isFalse();
  }

  @Test
  void whoAnswersIsGivenARequestOnceThoughItsConnectionBreaks() throws Exception {
    Pipe asks = queue.pipe("?timeout=1h", false);
    Pipe answers = queue.pipe("", true);
    TestQueue.writeNumbers(asks.sink(), 1, 3);
    List<String> worked = new ArrayList<>(TestQueue.read(answers.source(), 3));
    server.administer("close_all_connections", "a test");
    // Asked again with another way back, by who asked: these are other requests.
    worked.addAll(TestQueue.read(answers.source(), 3));
    assertThat(worked).containsExactly("1", "2", "3", "1", "2", "3");
    TestQueue.writeNumbers(answers.sink(), 1, 6);
    assertThat(TestQueue.read(asks.source(), 3)).isEqualTo(TestQueue.numbers(4, 6));
  }

  @Test
  void aWriterThatWaitsForRoomIsWokenWhenThePipeIsClosed() throws Exception {
    service();
    Pipe pipe = queue.pipe("?timeout=1h&in-flight=10", false);
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          while (true) {
            TestQueue.writeNumbers(pipe.sink(), 1, 100);
          }
        });
    writing.awaitBlocked();
    pipe.close();
    assertThat(writing.failure()).isInstanceOf(PipeException.Closed.class);
  }

  @Test
  void theTimeOfARequestBeginsWhenThereIsRoomForIt() throws Exception {
    Channel service = service();
    service.basicConsume(
        queue.name(),
        true,
        (tag, request) -> {
          if (!text(request.getBody()).equals("1")) {
            answer(service, request, text(request.getBody()) + "!");
          }
        },
        tag -> {});
    Pipe pipe = queue.pipe("?timeout=10s&in-flight=1", false);
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          TestQueue.writeNumbers(pipe.sink(), 1, 2);
          pipe.sink().finish();
          return true;
        });
    assertThat(TestQueue.read(pipe.source(), 1)).containsExactly("2!");
    assertThat(writing.join()).isTrue();
    assertThat(pipe.sink().committed().rejected()).hasSize(1);
  }

  /** As clients do that wait for one answer before they ask again, and as many of them do. */
  @Test
  void requestsThatAllHaveOneNumberAreAnsweredEach() throws Exception {
    Channel client = queue.client();
    service();
    Queue<Delivery> answers = new ConcurrentLinkedQueue<>();
    ask(client, "ping", "c", answers);
    ask(client, "ping", "c", answers);
    // Somebody had them, and died of it.
    Channel before = queue.client();
    Queue<Delivery> held = new ConcurrentLinkedQueue<>();
    before.basicConsume(queue.name(), false, (tag, request) -> held.add(request), tag -> {});
    InParallel.await(() -> held.size() == 2);
    before.getConnection().abort();
    Pipe pipe = queue.pipe("", true);
    assertThat(TestQueue.read(pipe.source(), 2)).containsExactly("ping", "ping");
    TestQueue.writeNumbers(pipe.sink(), 1, 2);
    InParallel.await(() -> answers.size() == 2);
    pipe.close();
    InParallel.await(() -> waiting(queue.name()) == 0);
    assertThat(queue.takeAll(queue.name())).isEmpty();
  }

  @Test
  void wordsThatDoNotFitAreRefused() {
    for (String word : List.of("end=mark", "once", "until=mark")) {
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> queue.pipe("?" + word, word.equals("once")))
          .withMessageContaining("means nothing for requests and their answers");
    }
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> queue.sink("numbers", "?timeout=1s"))
        .withMessageContaining("--duplex only");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() ->
            Requests.open(
                QueueOptions.ofDialogue(queue.address(""), false),
                PipeContext.messages(new BlockPool(0)).withEncoding(Encoding.RAW)))
        .withMessageContaining("a request and its answer are messages");
  }

  /** What stands there is made up: some servers close the channel of whoever answers to it. */
  @Test
  void anAddressForAnswersThatIsMadeUpDoesNotEndTheService() throws Exception {
    Channel client = service();
    Queue<Delivery> answers = new ConcurrentLinkedQueue<>();
    publish(client, "forged", "1", RequestLine.REPLY_TO + ".x.y");
    ask(client, "honest", "2", answers);
    Pipe pipe = queue.pipe("", true);
    assertThat(TestQueue.read(pipe.source(), 2)).containsExactly("forged", "honest");
    InParallel<Boolean> answering =
        InParallel.run(() -> {
          TestQueue.writeNumbers(pipe.sink(), 1, 2);
          return true;
        });
    InParallel.await(() -> answers.size() == 1);
    assertThat(answering.join()).isTrue();
    InParallel.await(() -> waiting(queue.name()) == 0);
  }

  @Test
  void aRequestThatIsLongerThanAMessageMayBeIsRefusedAndTheNextIsRead() throws Exception {
    Channel client = service();
    client.basicPublish("", queue.name(), null, new byte[(16 << 20) + 1]);
    publish(client, "short", "1", "nobody");
    Pipe pipe = queue.pipe("", true);
    assertThat(TestQueue.read(pipe.source(), 1)).containsExactly("short");
    assertThat(queue.warnings())
        .anyMatch(each -> each.contains("a request is refused") && each.contains("16777217 bytes"));
  }

  /** A channel of a foreign program, with the queue made. */
  private Channel service() throws Exception {
    Channel service = queue.client();
    service.queueDeclare(queue.name(), true, false, false, null);
    return service;
  }

  private static void answer(Channel service, Delivery request, String text) throws IOException {
    BasicProperties asked = request.getProperties();
    service.basicPublish(
        "",
        asked.getReplyTo(),
        new BasicProperties.Builder().correlationId(asked.getCorrelationId()).build(),
        text.getBytes(UTF_8));
  }

  /** Asks as the tutorials of RabbitMQ do. */
  private void ask(Channel client, String text, String number, Queue<Delivery> answers)
      throws IOException {
    if (client.getDefaultConsumer() == null) {
      client.setDefaultConsumer(new com.rabbitmq.client.DefaultConsumer(client));
      client.basicConsume(
          RequestLine.REPLY_TO, true, (tag, answer) -> answers.add(answer), tag -> {});
    }
    publish(client, text, number, RequestLine.REPLY_TO);
  }

  private void publish(Channel client, String text, String number, String replyTo)
      throws IOException {
    client.basicPublish(
        "",
        queue.name(),
        new BasicProperties.Builder().replyTo(replyTo).correlationId(number).build(),
        text.getBytes(UTF_8));
  }

  private static long readOne(Pipe pipe, String expected) throws Exception {
    long[] ends = {0};
    try (Batch batch = Objects.requireNonNull(pipe.source().read())) {
      batch.forEach((end, payload, headers) -> {
        assertThat(UTF_8.decode(payload.duplicate()).toString()).isEqualTo(expected);
        ends[0] = end;
      });
    }
    return ends[0];
  }

  private static InParallel<Boolean> finishing(Pipe pipe) {
    return InParallel.run(() -> {
      pipe.sink().finish();
      return true;
    });
  }

  private GetResponse get(Channel channel) {
    try {
      return channel.basicGet(queue.name(), true);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Without taking anything out. */
  private boolean isEmpty(Channel channel) {
    try {
      return channel.messageCount(queue.name()) == 0;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private boolean exists(String name) {
    try {
      Channel client = queue.client();
      try {
        client.queueDeclarePassive(name);
        return true;
      } catch (IOException e) {
        // Another one's, while it lives, is there and locked.
        ShutdownSignalException signal = AmqpErrors.signal(e);
        return signal == null || AmqpErrors.code(signal) != AMQP.NOT_FOUND;
      } finally {
        client.getConnection().abort();
      }
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private long waiting(String name) {
    try {
      return queue.waiting(name);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static String text(byte[] body) {
    return new String(body, UTF_8);
  }
}
