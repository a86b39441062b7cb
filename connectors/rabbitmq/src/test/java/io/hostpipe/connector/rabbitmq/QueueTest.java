package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Rejection;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.RefusesFirst;
import io.hostpipe.testkit.InParallel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Queues of a real server, with a foreign client beside. */
final class QueueTest extends WithQueue {
  @Test
  void aForeignClientFindsPersistentMessagesInTheirOrder() throws Exception {
    Sink sink = queue.sink("numbers", "");
    TestQueue.writeNumbers(sink, 1, 1000);
    sink.finish();
    List<GetResponse> found = queue.takeAll(queue.name());
    assertThat(TestQueue.texts(found)).isEqualTo(TestQueue.numbers(1, 1000));
    assertThat(found).allMatch(each -> each.getProps().getDeliveryMode() == 2);
  }

  @Test
  void aMessageIsAcknowledgedWhenItIsCommittedAndNotBefore() throws Exception {
    Sink sink = queue.sink("numbers", "");
    TestQueue.writeNumbers(sink, 1, 100);
    sink.finish();
    Source first = queue.source("");
    TestQueue.read(first, 100, false);
    assertThat(queue.waiting(queue.name())).isZero();
    first.commit(9 * 3 + 4);
    first.close();
    InParallel.await(() -> waitingNow() == 90);
    assertThat(TestQueue.read(queue.source("?until=empty"), 100, true).texts())
        .isEqualTo(TestQueue.numbers(11, 100));
  }

  @Test
  void aReaderEndsWhenNothingIsLeft() throws Exception {
    Sink sink = queue.sink("numbers", "");
    TestQueue.writeNumbers(sink, 1, 3000);
    sink.finish();
    Source source = queue.source("?until=empty");
    assertThat(TestQueue.read(source, Integer.MAX_VALUE, true).texts())
        .isEqualTo(TestQueue.numbers(1, 3000));
    assertThat(source.finished()).isTrue();
  }

  /** Its name may have been meant otherwise. */
  @Test
  void aQueueThatIsEmptyBecauseItWasNotThereIsNamed() throws Exception {
    Source source = queue.source("?until=empty");
    assertThat(TestQueue.read(source, Integer.MAX_VALUE, true).texts()).isEmpty();
    assertThat(queue.warnings())
        .singleElement()
        .asString()
        .contains(queue.name(), "there was no queue of this name");
    assertThat(TestQueue.read(queue.source("?until=empty"), Integer.MAX_VALUE, true).texts())
        .isEmpty();
    assertThat(queue.warnings()).hasSize(1);
  }

  /** Its server then says that it has no messages. */
  @Test
  void aQuorumQueueWhoseLeaderDoesNotAnswerIsNotTakenForEmpty() throws Exception {
    Sink sink = queue.sink("numbers", "?quorum");
    TestQueue.writeNumbers(sink, 1, 10);
    sink.finish();
    Source source = queue.source("?quorum&until=empty&prefetch=5");
    TestQueue.Read first = TestQueue.read(source, 5, false);
    assertThat(first.texts()).isEqualTo(TestQueue.numbers(1, 5));
    String leader = "'%2F_" + queue.name() + "'";
    server.administer("eval", "sys:suspend(" + leader + ").");
    InParallel<List<String>> reading =
        InParallel.run(() -> TestQueue.read(source, Integer.MAX_VALUE, true).texts());
    source.commit(first.end().position());
    server.administer("eval", "timer:sleep(2000), sys:resume(" + leader + ").");
    assertThat(reading.join()).isEqualTo(TestQueue.numbers(6, 10));
    assertThat(source.finished()).isTrue();
  }

  @Test
  void whatIsReadWithOneReaderIsTakenOnceThoughItWasPublishedTwice() throws Exception {
    Sink killed = queue.sink("numbers", "?single");
    TestQueue.writeNumbers(killed, 1, 500);
    killed.awaitCommitted(killed.resume().position());
    killed.close();
    Sink again = queue.sink("numbers", "?single");
    TestQueue.writeNumbers(again, 1, 1000);
    again.finish();
    Source source = queue.source("?once&until=empty");
    assertThat(TestQueue.read(source, Integer.MAX_VALUE, true).texts())
        .isEqualTo(TestQueue.numbers(1, 1000));
    source.close();
    InParallel.await(() -> waitingNow() == 0);
  }

  @Test
  void theNextReaderKnowsFromTheSinkWhatWasRead() throws Exception {
    Sink sink = queue.sink("numbers", "?single");
    TestQueue.writeNumbers(sink, 1, 1000);
    sink.finish();
    Source first = queue.source("?once");
    TestQueue.Read read = TestQueue.read(first, 300, false);
    first.close();
    Source second = queue.source("?once&until=empty");
    assertThat(second.seek(read.end())).isFalse();
    assertThat(TestQueue.read(second, Integer.MAX_VALUE, true).texts())
        .isEqualTo(TestQueue.numbers(read.texts().size() + 1, 1000));
  }

  @Test
  void otherContentUnderTheNameOfAStreamIsNotTakenForACopy() throws Exception {
    Sink one = queue.sink("numbers", "?single");
    TestQueue.writeNumbers(one, 1, 9);
    one.finish();
    Sink other = queue.sink("numbers", "?single");
    TestQueue.writeNumbers(other, 11, 19);
    other.finish();
    Source source = queue.source("?once&until=empty");
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> TestQueue.read(source, Integer.MAX_VALUE, true))
        .withMessageContaining("two writers use one name");
  }

  @Test
  void onceRefusesMessagesThatTellNoPlace() throws Exception {
    queue.sink("any", "?single").finish();
    queue.publish("from elsewhere", Map.of());
    Source source = queue.source("?once");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(source::read)
        .withMessageContaining("tells no place");
    source.close();
    assertThat(TestQueue.read(queue.source("?single&until=empty"), 9, true).texts())
        .containsExactly("from elsewhere");
  }

  @Test
  void aQueueThatWasDeclaredOtherwiseIsNamed() throws Exception {
    Channel client = queue.client();
    client.queueDeclare(queue.name(), false, false, false, Map.of("x-message-ttl", 60_000));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> queue.sink("any", ""))
        .withMessageContaining("it is not durable, and is gone with its server")
        .withMessageContaining("durable=false");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> queue.check("?quorum", true))
        .withMessageContaining("x-queue-type is none, not quorum");
    assertThat(queue.check("?durable=false", true))
        .contains("not durable", "x-message-ttl=60000", "within 60000 ms", "mirrors");
    queue.sink("any", "?durable=false").finish();
    assertThat(queue.warnings()).anyMatch(each -> each.contains("within 60000 ms"));
  }

  @Test
  void checkSaysWhatWouldBeMadeAndMakesNothing() throws Exception {
    assertThat(queue.check("?quorum&single&dead-letters=" + queue.name() + ".dead", false))
        .contains("one would be made: quorum, durable, one reader at a time, dead letters to ");
    Channel client = queue.client();
    assertThatExceptionOfType(java.io.IOException.class)
        .isThrownBy(() -> client.queueDeclarePassive(queue.name()));
  }

  @Test
  void aRefusedMessageIsADeadLetterWithItsCause() throws Exception {
    String query = "?quorum&dead-letters=" + queue.name() + ".dead";
    Sink sink = queue.sink("numbers", query);
    TestQueue.writeNumbers(sink, 1, 10);
    sink.finish();
    Source source = queue.source(query);
    TestQueue.Read read = TestQueue.read(source, 10, false);
    source.reject(3 * 3, new Rejection(Status.INVALID_ARGUMENT, "three"));
    source.commit(read.end().position());
    InParallel.await(() -> waiting(queue.name() + ".dead") == 1);
    GetResponse dead = queue.takeAll(queue.name() + ".dead").getFirst();
    assertThat(new String(dead.getBody(), StandardCharsets.UTF_8)).isEqualTo("3");
    assertThat(dead.getProps().getHeaders().get("x-first-death-reason")).hasToString("rejected");
  }

  @Test
  void aDeadLetterThatIsPutBackIsReadAgain() throws Exception {
    String query = "?quorum&single&dead-letters=" + queue.name() + ".dead";
    Sink sink = queue.sink("numbers", query);
    TestQueue.writeNumbers(sink, 1, 10);
    sink.finish();
    Source source = queue.source(query + "&until=empty");
    TestQueue.Read read = TestQueue.read(source, 10, false);
    source.reject(3 * 3, new Rejection(Status.INVALID_ARGUMENT, "three"));
    source.commit(read.end().position());
    InParallel.await(() -> waiting(queue.name() + ".dead") == 1);
    GetResponse dead = queue.takeAll(queue.name() + ".dead").getFirst();
    Channel client = queue.client();
    client.confirmSelect();
    client.basicPublish("", queue.name(), dead.getProps(), dead.getBody());
    // Before that its reader may find the queue empty, and end.
    client.waitForConfirmsOrDie();
    assertThat(TestQueue.read(source, 1, true).texts()).containsExactly("3");
  }

  @Test
  void whatIsRefusedAfterItCameAgainIsADeadLetterToo() throws Exception {
    String dead = queue.name() + ".dead";
    String query = "?quorum&single&dead-letters=" + dead;
    Sink sink = queue.sink("numbers", query);
    TestQueue.writeNumbers(sink, 1, 10);
    sink.awaitCommitted(sink.resume().position());
    Source source = queue.source(query);
    TestQueue.read(source, 10, false);
    server.administer("close_all_connections", "for a test");
    TestQueue.writeNumbers(sink, 11, 11);
    TestQueue.Read more = TestQueue.read(source, 1, false);
    assertThat(more.texts()).containsExactly("11");
    source.reject(3 * 3, new Rejection(Status.INVALID_ARGUMENT, "three"));
    server.administer("close_all_connections", "for a test");
    TestQueue.writeNumbers(sink, 12, 12);
    TestQueue.Read last = TestQueue.read(source, 1, false);
    assertThat(last.texts()).containsExactly("12");
    source.reject(5 * 3, new Rejection(Status.INVALID_ARGUMENT, "five"));
    source.commit(last.end().position());
    InParallel.await(() -> waiting(dead) == 2);
    assertThat(TestQueue.texts(queue.takeAll(dead))).containsExactlyInAnyOrder("3", "5");
    source.close();
    InParallel.await(() -> waitingNow() == 0);
  }

  @Test
  void aDeadLetterThatIsPutBackIsTakenOnceAndNothingBesideItTwice() throws Exception {
    String dead = queue.name() + ".dead";
    String query = "?quorum&single&dead-letters=" + dead;
    Sink sink = queue.sink("numbers", query);
    TestQueue.writeNumbers(sink, 1, 10);
    sink.awaitCommitted(sink.resume().position());
    Source source = queue.source(query + "&once");
    TestQueue.Read read = TestQueue.read(source, 10, false);
    source.reject(3 * 3, new Rejection(Status.INVALID_ARGUMENT, "three"));
    source.commit(read.end().position());
    InParallel.await(() -> waiting(dead) == 1);
    GetResponse letter = queue.takeAll(dead).getFirst();
    queue.client().basicPublish("", queue.name(), letter.getProps(), letter.getBody());
    assertThat(TestQueue.read(source, 1, false).texts()).containsExactly("3");
    server.administer("close_all_connections", "for a test");
    Sink copies = queue.sink("numbers", query);
    TestQueue.writeNumbers(copies, 1, 11);
    copies.finish();
    TestQueue.Read rest = TestQueue.read(source, 1, true);
    assertThat(rest.texts()).containsExactly("11");
    source.close();
    InParallel.await(() -> waitingNow() == 0);
    assertThat(queue.source(query).seek(rest.end())).isFalse();
  }

  @Test
  void headersThatFitInNoFrameAreRefusedAndTheRestArrives() throws Exception {
    Sink sink = queue.sink("any", "");
    TestQueue.write(sink, "one", Headers.EMPTY);
    long bad = TestQueue.write(sink, "two", tooManyHeaders());
    long end = TestQueue.write(sink, "three", Headers.EMPTY);
    assertThat(sink.awaitCommitted(end).rejected())
        .hasSize(1)
        .allSatisfy(each -> {
          assertThat(each.endPosition()).isEqualTo(bad);
          assertThat(each.why().reason()).contains("frame_max");
        });
    sink.finish();
    assertThat(TestQueue.texts(queue.takeAll(queue.name()))).containsExactly("one", "three");
  }

  @Test
  void nothingIsPutBehindAMessageThatIsRefusedAndKeptByNobody() throws Exception {
    Sink sink = queue.sink("any", "");
    ((RefusesFirst) sink)
        .onRefusal((end, why) -> {
          throw RefusesFirst.unkept(new StreamId("any"), end, why);
        });
    BatchWriter batch = sink.newBatch(0);
    assertThat(batch.add(StandardCharsets.UTF_8.encode("one"), Headers.EMPTY)).isTrue();
    assertThat(batch.add(StandardCharsets.UTF_8.encode("two"), tooManyHeaders())).isTrue();
    assertThat(batch.add(StandardCharsets.UTF_8.encode("three"), Headers.EMPTY)).isTrue();
    long first = Records.lengthBytes(3, 0);
    assertThatExceptionOfType(PipeException.Rejected.class)
        .isThrownBy(() -> sink.write(batch))
        .withMessageContaining("of the stream any was refused: headers of", "frame_max");
    assertThat(sink.committed()).isEqualTo(new Committed(first, List.of()));
    assertThat(sink.resume().position()).isEqualTo(first);
    assertThatExceptionOfType(PipeException.Rejected.class).isThrownBy(sink::finish);
    assertThat(TestQueue.texts(queue.takeAll(queue.name()))).containsExactly("one");
  }

  @Test
  void theEndIsMarkedBehindALastMessageThatWasRefusedToo() throws Exception {
    Sink sink = queue.sink("any", "?end=mark");
    TestQueue.write(sink, "one", Headers.EMPTY);
    TestQueue.write(sink, "two", tooManyHeaders());
    sink.finish();
    assertThat(TestQueue.read(queue.source("?until=mark"), Integer.MAX_VALUE, true).texts())
        .containsExactly("one");
  }

  @Test
  void signsInAPasswordAreWrittenInPercents() throws Exception {
    server.administer("add_user", "some:one", "a@b/+%");
    server.administer("set_permissions", "some:one", ".*", ".*", ".*");
    String host = "@127.0.0.1:" + server.port() + "/" + queue.name();
    queue.sink("any", io.hostpipe.Address.parse("amqp://some%3Aone:a%40b%2F+%25" + host)).finish();
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(
            () -> queue.sink("any", io.hostpipe.Address.parse("amqp://some%3Aone:a%zz" + host)))
        .withMessageContaining("'%'")
        .withMessageNotContaining("zz");
  }

  @Test
  void nothingIsDroppedWhenAReaderIsKilledMoreOftenThanTheDeliveryLimit() throws Exception {
    String dead = queue.name() + ".dead";
    String query = "?quorum&delivery-limit=20&dead-letters=" + dead;
    Sink sink = queue.sink("numbers", query);
    TestQueue.writeNumbers(sink, 1, 100);
    sink.finish();
    for (int kill = 1; kill <= 25; kill++) {
      Channel reader = queue.client();
      reader.basicQos(10);
      var _ = reader.basicConsume(queue.name(), false, (tag, message) -> {}, tag -> {});
      reader.getConnection().abort();
    }
    InParallel.await(() -> waiting(queue.name()) + waiting(dead) == 100);
  }

  @Test
  void aQueueWithALimitAndNoPlaceForDeadLettersIsRefused() throws Exception {
    queue.declare(Map.of("x-queue-type", "quorum", "x-delivery-limit", 20));
    Source source = queue.source("");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(source::read)
        .withMessageContaining("drops what has come again 20 times");
    queue.sink("any", "?quorum").finish();
  }

  @Test
  void aPublishedMessageThatNoQueueTakesIsNotLost() throws Exception {
    queue.client().exchangeDeclare(queue.name(), BuiltinExchangeType.DIRECT, true);
    Sink sink =
        queue.sink(
            "numbers",
            io.hostpipe.Address.parse(
                "amqp://127.0.0.1:"
                    + server.port()
                    + "/?exchange="
                    + queue.name()
                    + "&routing-key=here"));
    TestQueue.writeNumbers(sink, 1, 50);
    InParallel.await(
        () -> queue.warnings().stream().anyMatch(each -> each.contains("no queue takes")));
    assertThat(sink.committed().position()).isZero();
    Channel client = queue.client();
    client.queueDeclare(queue.name(), true, false, false, Map.of());
    client.queueBind(queue.name(), queue.name(), "here");
    sink.finish();
    assertThat(TestQueue.texts(queue.takeAll(queue.name()))).containsAll(TestQueue.numbers(1, 50));
  }

  @Test
  void anExchangeGivesEachQueueEverything() throws Exception {
    String exchange = "?exchange=" + queue.name() + ".all";
    Source first = queue.source(exchange + "&until=mark");
    first.read(Duration.ofMillis(1));
    io.hostpipe.Address other =
        io.hostpipe.Address.parse(
            "amqp://127.0.0.1:" + server.port() + "/" + queue.name() + ".2" + exchange);
    Source second = queue.source(other.withOption("until", "mark"));
    second.read(Duration.ofMillis(1));
    Sink sink =
        queue.sink(
            "numbers",
            io.hostpipe.Address.parse(
                "amqp://127.0.0.1:" + server.port() + "/" + exchange + "&end=mark"));
    TestQueue.writeNumbers(sink, 1, 100);
    sink.finish();
    for (Source each : List.of(first, second)) {
      assertThat(TestQueue.read(each, Integer.MAX_VALUE, true).texts())
          .isEqualTo(TestQueue.numbers(1, 100));
    }
  }

  @Test
  void headersComeBackAsTheyWereAndOthersReadThem() throws Exception {
    Headers headers =
        Headers.builder()
            .add(Headers.KEY, "k")
            .add(Headers.ID, "id 1")
            .add(Headers.TIME, "2026-11-28T17:00:00Z")
            .add(Headers.CONTENT_TYPE, "text/plain")
            .add("colour", "rot")
            .add("traceparent", "00-1-2-03")
            .build();
    Headers twisted =
        Headers.builder()
            .add("b", new byte[] {(byte) 0xff, 0})
            .add("a", "1")
            .add("a", "2")
            .add(Headers.TIME, "2026-11-28T17:00:00.123456Z")
            .build();
    Sink sink = queue.sink("any", "");
    TestQueue.write(sink, "one", headers);
    TestQueue.write(sink, "two", twisted);
    sink.finish();
    Source source = queue.source("");
    List<Headers> found = new java.util.ArrayList<>();
    while (found.size() < 2) {
      try (var batch = java.util.Objects.requireNonNull(source.read())) {
        batch.forEach((end, payload, each) -> found.add(each));
      }
    }
    assertThat(found).containsExactly(headers, twisted);
    source.close();
    InParallel.await(() -> waitingNow() == 2);
    BasicProperties first = queue.takeAll(queue.name()).getFirst().getProps();
    assertThat(first.getMessageId()).isEqualTo("id 1");
    assertThat(first.getContentType()).isEqualTo("text/plain");
    assertThat(first.getHeaders().get("colour")).hasToString("rot");
    assertThat(first.getTimestamp()).isEqualTo("2026-11-28T17:00:00Z");
  }

  @Test
  void headersOfOtherProgramsAreRead() throws Exception {
    queue.sink("any", "").finish();
    queue.publish("one", Map.of("number", 7, "list", List.of(1, "x"), "yes", true));
    Source source = queue.source("");
    try (var batch = java.util.Objects.requireNonNull(source.read())) {
      batch.forEach((end, payload, headers) -> {
        assertThat(headers.text("number")).isEqualTo("7");
        assertThat(headers.text("list")).isEqualTo("[1, x]");
        assertThat(headers.text("yes")).isEqualTo("true");
      });
    }
  }

  @Test
  void aDeletedQueueIsNotMadeAgain() throws Exception {
    Sink sink = queue.sink("numbers", "");
    TestQueue.writeNumbers(sink, 1, 10);
    sink.awaitCommitted(sink.resume().position());
    Source source = queue.source("");
    TestQueue.read(source, 10, true);
    Channel client = queue.client();
    client.queueDelete(queue.name());
    InParallel<Boolean> reading = InParallel.run(() -> source.read(Duration.ofMinutes(2)) != null);
    TestQueue.writeNumbers(sink, 11, 20);
    InParallel.await(
        () -> queue.warnings().stream().filter(each -> each.contains("was deleted")).count() > 3);
    assertThatExceptionOfType(java.io.IOException.class)
        .isThrownBy(() -> client.queueDeclarePassive(queue.name()));
    queue.declare(Map.of());
    assertThat(reading.join()).isTrue();
    sink.finish();
  }

  @Test
  void oneReaderStandsByUntilTheOtherEnds() throws Exception {
    Sink sink = queue.sink("numbers", "?single");
    Source first = queue.source("?single");
    TestQueue.writeNumbers(sink, 1, 100);
    sink.finish();
    TestQueue.read(first, 100, true);
    Source second = queue.source("?single");
    second.read(Duration.ofMillis(1));
    Sink more = queue.sink("more", "?single");
    TestQueue.writeNumbers(more, 1, 10);
    more.finish();
    assertThat(second.read(Duration.ofMillis(300))).isNull();
    first.close();
    assertThat(TestQueue.read(second, 10, true).texts()).isEqualTo(TestQueue.numbers(1, 10));
  }

  @Test
  void aWrongPasswordAndAMissingHostAreRefused() throws Exception {
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() ->
            queue.sink(
                "any",
                io.hostpipe.Address.parse("amqp://guest:no@127.0.0.1:" + server.port() + "/q")))
        .withMessageContaining("wants another user or password")
        .matches(e -> e.status() == Status.UNAUTHENTICATED)
        .withMessageNotContaining("guest:no");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() ->
            queue.sink(
                "any", io.hostpipe.Address.parse("amqp://127.0.0.1:" + server.port() + "/no/q")))
        .withMessageContaining("vhost no not found");
  }

  private long waitingNow() {
    return waiting(queue.name());
  }

  private long waiting(String name) {
    try {
      return queue.waiting(name);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** More than fit in a frame. */
  private static Headers tooManyHeaders() {
    Headers.Builder many = Headers.builder();
    for (int count = 0; count < 12_000; count++) {
      many.add("a", "");
    }
    return many.build();
  }
}
