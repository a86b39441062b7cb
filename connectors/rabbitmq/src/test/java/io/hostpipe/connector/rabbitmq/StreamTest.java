package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Committed;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams of a real server: places, readers and writers beside each other, what is refused. */
final class StreamTest {
  @TempDir private static Path folder;

  private static RabbitServer server;

  private TestStream stream;

  @BeforeAll
  static void start() throws IOException {
    server = RabbitServer.start(folder);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void open() {
    stream = new TestStream(server);
  }

  @AfterEach
  void close() throws IOException {
    stream.close();
  }

  @Test
  void aWriterFindsItsPlaceAndAReaderKeepsItsOwn() throws Exception {
    Sink first = stream.sink("numbers", "");
    TestQueue.writeNumbers(first, 1, 1000);
    first.awaitCommitted(first.resume().position());
    first.close();
    Sink second = stream.sink("numbers", "");
    assertThat(second.resume()).isEqualTo(first.resume());
    TestQueue.writeNumbers(second, 1001, 2000);
    second.finish();

    TestQueue.Read half = TestQueue.read(stream.source(""), 500, true);
    assertThat(half.texts()).isEqualTo(TestQueue.numbers(1, half.texts().size()));
    Source rest = stream.source("?until=last");
    assertThat(rest.seek(half.end())).isFalse();
    assertThat(TestQueue.read(rest, Integer.MAX_VALUE, true).texts())
        .isEqualTo(TestQueue.numbers(half.texts().size() + 1, 2000));
    assertThat(stream.readAsQueue(2000)).isEqualTo(TestQueue.numbers(1, 2000));
  }

  @Test
  void whatIsSentTwiceUnderItsNameIsStoredOnce() throws Exception {
    Sink first = stream.sink("numbers", "");
    TestQueue.writeNumbers(first, 1, 100);
    first.finish();
    // Another process that begins anew, as one does that was told nothing.
    StreamOptions options = StreamOptions.of(stream.address(""), false);
    List<long[]> confirmed = new ArrayList<>();
    try (StreamConnection connection =
        StreamConnection.open(
            options,
            new StreamConnection.Listener() {
              @Override
              public void confirmed(long[] publishingIds) {
                confirmed.add(publishingIds);
              }

              @Override
              public void lost(PipeException why) {}
            })) {
      Streams streams = new Streams(connection, options);
      long newest = streams.newestPublishingId(new StreamId("numbers"));
      assertThat(newest).isEqualTo(2 * first.resume().position());
      streams.declarePublisher(StreamWay.PUBLISHER, new StreamId("numbers"));
      StreamPlace place =
          new StreamPlace(
              new StreamId("numbers"),
              Encoding.RECORDS,
              0,
              new Resume(3, null, first.resume().digest()),
              false);
      new StreamWay(connection)
          .publish(
              List.of(
                  new StreamWay.Outgoing(
                      place,
                      StreamMessage.write(Headers.EMPTY, place, java.nio.ByteBuffer.allocate(1)))));
      InParallel.await(() -> !confirmed.isEmpty());
    }
    assertThat(TestQueue.read(stream.source("?until=last"), Integer.MAX_VALUE, true).texts())
        .isEqualTo(TestQueue.numbers(1, 100));
  }

  @Test
  void writersOfSeveralNamesLieBetweenEachOtherAndEachFindsItsPlace() throws Exception {
    Target target = stream.target("");
    Sink one = target.open(new StreamId("one"), Encoding.RECORDS);
    Sink two = target.open(new StreamId("two"), Encoding.RECORDS);
    for (int round = 0; round < 5; round++) {
      TestQueue.write(one, "one " + round, Headers.EMPTY);
      TestQueue.write(two, "two " + round, Headers.EMPTY);
    }
    one.finish();
    two.finish();
    Sink flood = target.open(new StreamId("flood"), Encoding.RECORDS);
    TestQueue.writeNumbers(flood, 1, 5_000);
    flood.finish();
    assertThat(Objects.requireNonNull(target.held(new StreamId("one")))).isEqualTo(one.resume());
    assertThat(target.held(new StreamId("never"))).isNull();
    assertThat(stream.sink("two", "").resume()).isEqualTo(two.resume());
    List<String> all =
        TestQueue.read(stream.source("?until=last"), Integer.MAX_VALUE, true).texts();
    assertThat(all.stream().filter(each -> each.startsWith("one")))
        .containsExactly("one 0", "one 1", "one 2", "one 3", "one 4");
    assertThat(all).hasSize(5_010);
  }

  @Test
  void headersComeBackAsTheyWere() throws Exception {
    Headers plain =
        Headers.builder()
            .add(Headers.KEY, "k")
            .add(Headers.ID, "id 1")
            .add(Headers.CONTENT_TYPE, "text/plain")
            .add(Headers.CORRELATION_ID, "c")
            .add(Headers.REPLY_TO, "back")
            .add(Headers.TIME, "2023-11-14T22:13:20.123Z")
            .add("colour", "grün")
            .add("long", "x".repeat(300))
            .build();
    Headers odd =
        Headers.builder()
            .add("b", "2")
            .add("a", "1")
            .add("a", new byte[] {0, (byte) 0xFF})
            .add(Headers.TIME, "yesterday")
            .build();
    Sink sink = stream.sink("headers", "");
    TestQueue.write(sink, "plain", plain);
    TestQueue.write(sink, "odd", odd);
    TestQueue.write(sink, "none", Headers.EMPTY);
    sink.finish();
    assertThat(headers(stream.source("?until=last")))
        .containsExactly(byName(plain), odd, Headers.EMPTY);
  }

  @Test
  void messagesOfAClientOfQueuesAreReadWithTheirProperties() throws Exception {
    stream.declare(Map.of());
    Channel client = stream.client();
    client.confirmSelect();
    client.exchangeDeclare("to." + stream.name(), "direct");
    client.queueBind(stream.name(), "to." + stream.name(), "the key");
    client.basicPublish(
        "to." + stream.name(),
        "the key",
        new BasicProperties.Builder()
            .messageId("m1")
            .contentType("text/plain")
            .correlationId("c1")
            .replyTo("back")
            .timestamp(Date.from(Instant.parse("2023-11-14T22:13:20Z")))
            .headers(Map.of("colour", "rot", "number", 7, "x-more", "yes"))
            .build(),
        "hello".getBytes(StandardCharsets.UTF_8));
    client.waitForConfirmsOrDie();
    Headers read = headers(stream.source("?until=last")).getFirst();
    assertThat(read.text(Headers.KEY)).isEqualTo("the key");
    assertThat(read.text(Headers.ID)).isEqualTo("m1");
    assertThat(read.text(Headers.CONTENT_TYPE)).isEqualTo("text/plain");
    assertThat(read.text(Headers.CORRELATION_ID)).isEqualTo("c1");
    assertThat(read.text(Headers.REPLY_TO)).isEqualTo("back");
    assertThat(read.text(Headers.TIME)).isEqualTo("2023-11-14T22:13:20Z");
    assertThat(read.text("colour")).isEqualTo("rot");
    assertThat(read.text("number")).isEqualTo("7");
    assertThat(read.text("x-more")).isEqualTo("yes");
  }

  @Test
  void aReaderBeginsWhereItIsTold() throws Exception {
    Sink sink = stream.sink("numbers", "");
    TestQueue.writeNumbers(sink, 1, 10);
    sink.awaitCommitted(sink.resume().position());
    Source fromEnd = stream.source("?from=end");
    assertThat(fromEnd.read(Duration.ofMillis(1))).isNull();
    Instant between = afterNow();
    TestQueue.writeNumbers(sink, 11, 20);
    sink.finish();
    assertThat(TestQueue.read(fromEnd, 10, true).texts()).isEqualTo(TestQueue.numbers(11, 20));
    assertThat(all("?from=4&until=last")).isEqualTo(TestQueue.numbers(5, 20));
    assertThat(all("?from=" + between + "&until=last")).isEqualTo(TestQueue.numbers(11, 20));
    assertThat(all("?from=2200-01-01T00:00:00Z&until=last")).isEmpty();
  }

  @Test
  void anEmptyStreamEndsAtItsLastMessageAtOnce() throws Exception {
    stream.declare(Map.of());
    assertThat(all("?until=last")).isEmpty();
    Source source = stream.source("?from=end");
    assertThat(source.read(Duration.ofMillis(1))).isNull();
    Sink sink = stream.sink("numbers", "");
    TestQueue.writeNumbers(sink, 1, 3);
    sink.finish();
    assertThat(TestQueue.read(source, 3, true).texts()).isEqualTo(TestQueue.numbers(1, 3));
  }

  @Test
  void aStreamThatIsNotThereIsWaitedForAndMadeByItsWriter() throws Exception {
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> stream.hastySource(stream.address("")).read())
        .withMessageContaining("is not there; it is waited for")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.NOT_FOUND));
    Source waiting = stream.source("?until=mark");
    InParallel<List<String>> reading =
        InParallel.run(() -> TestQueue.read(waiting, Integer.MAX_VALUE, true).texts());
    InParallel.await(
        () -> stream.warnings().stream().anyMatch(each -> each.contains("waited for")));
    Sink sink = stream.sink("numbers", "?end=mark");
    TestQueue.writeNumbers(sink, 1, 3);
    sink.finish();
    assertThat(reading.join()).isEqualTo(TestQueue.numbers(1, 3));
  }

  @Test
  void aStreamThatWasMadeAnewIsNotTakenForTheOneBefore() throws Exception {
    Sink sink = stream.sink("numbers", "");
    TestQueue.writeNumbers(sink, 1, 10);
    sink.finish();
    TestQueue.Read read = TestQueue.read(stream.source("?until=last"), 10, true);
    stream.client().queueDelete(stream.name());
    Sink again = stream.sink("other", "");
    TestQueue.writeNumbers(again, 1, 5);
    again.awaitCommitted(again.resume().position());
    // It may be that the server does not show all yet.
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> {
          Source hasty = stream.hastySource(stream.address("?until=last"));
          boolean _ = hasty.seek(read.end());
          hasty.read();
        })
        .withMessageContaining("ends with offset 4, and was read up to offset 9");
    TestQueue.writeNumbers(again, 6, 20);
    again.finish();
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> goOn(read.end(), "?until=last"))
        .withMessageContaining("is another one than was read before");
  }

  @Test
  void aWriterDoesNotGoOnInAStreamThatWasMadeAnewUnderIt() throws Exception {
    Sink sink = stream.sink("numbers", "");
    TestQueue.writeNumbers(sink, 1, 10);
    sink.awaitCommitted(sink.resume().position());
    stream.client().queueDelete(stream.name());
    stream.declare(Map.of());
    TestQueue.writeNumbers(sink, 11, 20);
    InParallel.await(() ->
        stream.warnings().stream()
            .anyMatch(each ->
                each.contains("has confirmed the stream numbers up to position 31")
                    && each.contains("has it up to position 0")));
    assertThat(all("?until=last")).isEmpty();
    assertThat(sink.committed().position()).isEqualTo(31);
  }

  @Test
  void aWriterFindsItsPlaceBetweenMessagesOfOtherProgramsThatAreNoneOfAmqp() throws Exception {
    Sink first = stream.sink("numbers", "");
    TestQueue.writeNumbers(first, 1, 10);
    first.finish();
    publishStrange();
    assertThat(stream.sink("numbers", "").resume()).isEqualTo(first.resume());
  }

  @Test
  void messagesThatWereDeletedUnreadAreALossOrAreSaid() throws Exception {
    String limits = "?max-bytes=200000&segment-bytes=50000";
    Sink sink = stream.sink("numbers", limits);
    assertThat(stream.warnings()).anyMatch(each -> each.contains("deletes its oldest messages"));
    TestQueue.write(sink, "first", Headers.EMPTY);
    sink.awaitCommitted(sink.resume().position());
    TestQueue.Read read = TestQueue.read(stream.source(""), 1, true);
    String large = "x".repeat(10_000);
    InParallel.await(() -> {
      writeAndWait(sink, large);
      return firstOffset() > 1;
    });
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> goOn(read.end(), ""))
        .withMessageContaining("the messages with offsets 1 to ")
        .withMessageContaining("lost=continue");
    assertThat(goOn(read.end(), "?lost=continue")).isEqualTo(large);
    assertThat(stream.warnings()).anyMatch(each -> each.contains("are not there any more"));
  }

  @Test
  void aStreamThatIsAnotherOneIsRefusedOrWarnedOf() throws Exception {
    stream.declare(Map.of("x-max-age", "3600s"));
    Sink sink = stream.sink("numbers", "");
    TestQueue.writeNumbers(sink, 1, 3);
    sink.finish();
    assertThat(stream.warnings()).anyMatch(each -> each.contains("has limits"));
    assertThat(stream.check("", false)).contains("has messages up to offset 2", "has limits");
    assertThat(stream.check("?max-age=1h", false)).doesNotContain("has limits");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> stream.sink("numbers", "?max-age=2h"))
        .withMessageContaining("was made otherwise than is asked for");
  }

  @Test
  void aMessageThatIsTooLongIsRefusedAndTheRestGoesOn() throws Exception {
    Sink sink = stream.sink("numbers", "");
    TestQueue.write(sink, "before", Headers.EMPTY);
    long refused = TestQueue.write(sink, "x".repeat(2 << 20), Headers.EMPTY);
    TestQueue.write(sink, "after", Headers.EMPTY);
    Committed committed = sink.awaitCommitted(sink.resume().position());
    assertThat(committed.rejected())
        .singleElement()
        .satisfies(each -> assertThat(each.endPosition()).isEqualTo(refused));
    sink.finish();
    assertThat(all("?until=last")).containsExactly("before", "after");
  }

  @Test
  void aSecondWriterOfOneNameIsNoticedWhenTheConnectionBreaks() throws Exception {
    Sink first = stream.sink("numbers", "");
    TestQueue.writeNumbers(first, 1, 10);
    first.awaitCommitted(first.resume().position());
    Sink second = stream.sink("numbers", "");
    TestQueue.writeNumbers(second, 11, 20);
    second.finish();
    server.awaitStreamsKept();
    server.kill();
    server.restart();
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> {
          TestQueue.writeNumbers(first, 11, 11);
          first.awaitCommitted(first.resume().position());
        })
        .withMessageContaining("another process writes the stream numbers as well")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.ABORTED));
  }

  @Test
  void anOffsetBeyondTheEndIsRefusedWhereTheEndIsNotWaitedFor() throws Exception {
    Sink sink = stream.sink("numbers", "");
    TestQueue.writeNumbers(sink, 1, 10);
    sink.finish();
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> all("?from=11&until=last"))
        .withMessageContaining("ends with offset 9, before from=11");
    assertThat(all("?from=10&until=last")).isEmpty();
    assertThat(all("?from=9&until=last")).containsExactly("10");
  }

  /** The server drops what has a number that the other one has used, and confirms it. */
  @Test
  void aSecondWriterOfOneNameIsNoticedAtTheEndWhenNoConnectionBreaks() throws Exception {
    Sink first = stream.sink("numbers", "");
    TestQueue.writeNumbers(first, 1, 10);
    first.awaitCommitted(first.resume().position());
    Sink second = stream.sink("numbers", "");
    TestQueue.writeNumbers(second, 11, 20);
    second.finish();
    TestQueue.writeNumbers(first, 31, 32);
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(first::finish)
        .withMessageContaining("another process writes the stream numbers as well")
        .withMessageContaining("messages of either may be missing")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.ABORTED));
    assertThat(all("?until=last")).isEqualTo(TestQueue.numbers(1, 20));
  }

  @Test
  void whoIsNotLetInIsToldWhy() throws Exception {
    Address wrong =
        Address.parse(
            "rabbitmq-stream://guest:wrong@127.0.0.1:" + server.streamPort() + "/" + stream.name());
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> stream.hastySource(wrong).read())
        .withMessageContaining("wants another user or password")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED));
    Address nowhere =
        Address.parse("rabbitmq-stream://127.0.0.1:" + server.streamPort() + "/nowhere/orders");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> stream.hastySource(nowhere).read())
        .withMessageContaining(
            "the virtual host 'nowhere' is not there, or the user may not enter it");
    Address queues = Address.parse("rabbitmq-stream://127.0.0.1:" + server.port() + "/orders");
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> stream.hastySource(queues).read())
        .withMessageContaining("stream");
  }

  @Test
  void aUserWithoutAPasswordIsRefusedBeforeAnythingIsDialed() throws Exception {
    Address lone = Address.parse("rabbitmq-stream://t0ken@127.0.0.1:" + server.port() + "/orders");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> stream.hastySource(lone))
        .withMessageContaining("a user has a password; write it as user:password@host")
        .withMessageNotContaining("t0ken");
  }

  private List<String> all(String query) throws Exception {
    return TestQueue.read(stream.source(query), Integer.MAX_VALUE, true).texts();
  }

  private List<Headers> headers(Source source) throws Exception {
    List<Headers> all = new ArrayList<>();
    for (Batch batch = source.read(); batch != null; batch = source.read()) {
      try (Batch one = batch) {
        one.forEach((end, payload, each) -> all.add(each));
      }
    }
    return all;
  }

  /** The same headers in the order in which they come out of a table. */
  private static Headers byName(Headers headers) {
    return AmqpHeaders.read(AmqpHeaders.write(headers, null), "");
  }

  private String goOn(Resume end, String query) throws Exception {
    Source source = stream.source(query);
    boolean _ = source.seek(end);
    return TestQueue.read(source, 1, true).texts().getFirst();
  }

  private long firstOffset() {
    try {
      StreamOptions options = StreamOptions.of(stream.address(""), true);
      try (StreamReader reader = StreamReader.open(options, null, new Suspicion(), 0)) {
        // A reader that begins at what is being deleted may be shown nothing.
        StreamReader.Arrived first = reader.inbox().poll(TimeUnit.SECONDS.toNanos(1));
        return first == null ? 0 : first.message().offset();
      }
    } catch (PipeException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** As a program does that keeps to no form of messages. */
  private void publishStrange() throws PipeException, InterruptedException {
    StreamOptions options = StreamOptions.of(stream.address(""), false);
    CountDownLatch confirmed = new CountDownLatch(1);
    try (StreamConnection connection =
        StreamConnection.open(
            options,
            new StreamConnection.Listener() {
              @Override
              public void confirmed(long[] publishingIds) {
                confirmed.countDown();
              }

              @Override
              public void lost(PipeException why) {}
            })) {
      StreamId name = new StreamId("strange");
      new Streams(connection, options).declarePublisher(StreamWay.PUBLISHER, name);
      StreamPlace place =
          new StreamPlace(name, Encoding.RECORDS, 0, new Resume(3, null, null), false);
      new StreamWay(connection)
          .publish(List.of(new StreamWay.Outgoing(place, new byte[] {1, 2, 3})));
      confirmed.await();
    }
  }

  private static void writeAndWait(Sink sink, String text) {
    try {
      for (int count = 0; count < 20; count++) {
        TestQueue.write(sink, text, Headers.EMPTY);
      }
      var _ = sink.awaitCommitted(sink.resume().position());
    } catch (PipeException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A time of the clock behind all that has happened, and before all that comes. */
  private static Instant afterNow() {
    Instant now = Instant.now().plusMillis(1);
    InParallel.await(() -> Instant.now().isAfter(now.plusMillis(1)));
    return now;
  }
}
