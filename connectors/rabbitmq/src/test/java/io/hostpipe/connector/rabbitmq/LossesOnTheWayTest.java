package io.hostpipe.connector.rabbitmq;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Headers;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Confirmations that are lost between server and writer, and readers that are slower than it. */
final class LossesOnTheWayTest {
  private static final int LARGE_BYTES = 100_000;

  @TempDir private static Path folder;

  private static RabbitServer server;

  private TestQueue queue;
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
    queue = new TestQueue(server);
    stream = new TestStream(server);
  }

  @AfterEach
  void close() throws IOException {
    queue.close();
    stream.close();
  }

  @Test
  void aCopyThatALostConfirmationMakesIsMarked() throws Exception {
    writeWithoutConfirmations();
    List<GetResponse> all = queue.takeAll(queue.name());
    assertThat(TestQueue.texts(all.stream().filter(each -> !isCopy(each)).toList()))
        .isEqualTo(TestQueue.numbers(1, 200));
    assertThat(TestQueue.texts(all.stream().filter(LossesOnTheWayTest::isCopy).toList()))
        .isEqualTo(TestQueue.numbers(101, 200));
  }

  @Test
  void aCopyThatALostConfirmationMakesIsNotReadTwice() throws Exception {
    writeWithoutConfirmations();
    assertThat(queue.waiting(queue.name())).isEqualTo(300);
    Source source = queue.source("?once&until=empty");
    assertThat(TestQueue.read(source, Integer.MAX_VALUE)).isEqualTo(TestQueue.numbers(1, 200));
    assertThat(queue.takeAll(queue.name())).isEmpty();
  }

  /** The server has all of it when the connection breaks, and has confirmed half of it. */
  private void writeWithoutConfirmations() throws Exception {
    try (Tap tap = Tap.to(server.port())) {
      Sink sink = queue.sink("numbers", at(tap, "?single"));
      TestQueue.writeNumbers(sink, 1, 100);
      sink.awaitCommitted(sink.resume().position());
      tap.mute();
      TestQueue.writeNumbers(sink, 101, 200);
      InParallel.await(() -> waiting() == 200);
      tap.cut();
      sink.finish();
      assertThat(sink.committed().position()).isEqualTo(sink.resume().position());
    }
  }

  @Test
  void whatAStreamHasWithoutAConfirmationIsStoredOnce() throws Exception {
    try (Tap tap = Tap.to(server.streamPort())) {
      Sink sink = stream.sink("numbers", at(tap));
      TestStream.writeNumbers(sink, 1, 100);
      sink.awaitCommitted(sink.resume().position());
      long before = sink.committed().position();
      tap.mute();
      TestStream.writeNumbers(sink, 101, 200);
      assertThat(stream.readAsQueue(200)).isEqualTo(TestStream.numbers(1, 200));
      assertThat(sink.committed().position()).isEqualTo(before);
      tap.cut();
      sink.finish();
    }
    assertThat(TestStream.read(stream.source("?until=last"), Integer.MAX_VALUE))
        .isEqualTo(TestStream.numbers(1, 200));
  }

  /** The second one holds as many bytes as its reader takes in, and more. */
  @ParameterizedTest
  @ValueSource(ints = {20, 500})
  void aSlowReaderOfAQueueIsGivenNoMoreThanItsWindow(int prefetch) throws Exception {
    int count = 600;
    publishLarge(count);
    try (Tap tap = Tap.to(server.port())) {
      Source source = queue.source(at(tap, "?prefetch=" + prefetch));
      long end = readOnce(source);
      InParallel.awaitStill(tap::arrivedBytes);
      assertThat(unacknowledged()).isPositive().isLessThanOrEqualTo(prefetch);
      assertThat(tap.arrivedBytes())
          .isLessThan(Math.min((long) prefetch * LARGE_BYTES + (2 << 20), 40 << 20));
      source.commit(end);
      readTheRest(source, count * (long) LARGE_BYTES - payloadBytes);
      source.close();
    }
    assertThat(queue.takeAll(queue.name())).isEmpty();
  }

  /** No chunk holds more than what was unconfirmed when it was made: ten messages. */
  @Test
  void aSlowReaderOfAStreamIsGivenSixteenChunksAtMost() throws Exception {
    int count = 600;
    Sink sink = stream.sink("large", "");
    for (int each = 1; each <= count; each++) {
      long end = TestStream.write(sink, "x".repeat(LARGE_BYTES), Headers.EMPTY);
      if (each % 10 == 0) {
        sink.awaitCommitted(end);
      }
    }
    sink.finish();
    try (Tap tap = Tap.to(server.streamPort())) {
      Source source = stream.source(at(tap));
      long end = readOnce(source);
      InParallel.awaitStill(tap::arrivedBytes);
      assertThat(tap.arrivedBytes()).isLessThan(20 << 20);
      source.commit(end);
      readTheRest(source, count * (long) LARGE_BYTES - payloadBytes);
    }
  }

  /** Of all that was read. */
  private long payloadBytes;

  private long readOnce(Source source) throws Exception {
    try (Batch batch = Objects.requireNonNull(source.read())) {
      batch.forEach((end, payload, headers) -> payloadBytes += payload.remaining());
      return batch.endPosition();
    }
  }

  private void readTheRest(Source source, long restBytes) throws Exception {
    long wanted = payloadBytes + restBytes;
    while (payloadBytes < wanted) {
      source.commit(readOnce(source));
    }
    assertThat(payloadBytes).isEqualTo(wanted);
  }

  private void publishLarge(int count) throws Exception {
    Channel client = queue.client();
    client.queueDeclare(queue.name(), true, false, false, null);
    client.confirmSelect();
    for (int each = 0; each < count; each++) {
      client.basicPublish("", queue.name(), null, "x".repeat(LARGE_BYTES).getBytes(UTF_8));
    }
    client.waitForConfirmsOrDie();
  }

  private Address at(Tap tap, String query) throws Exception {
    return Address.parse("amqp://127.0.0.1:" + tap.port() + "/" + queue.name() + query);
  }

  private Address at(Tap tap) throws Exception {
    return Address.parse("rabbitmq-stream://127.0.0.1:" + tap.port() + "/" + stream.name());
  }

  private static boolean isCopy(GetResponse message) {
    return AmqpHeaders.table(message.getProps()).containsKey(Place.AGAIN);
  }

  private long unacknowledged() {
    try {
      String listed = server.administer("list_queues", "name", "messages_unacknowledged");
      return listed
          .lines()
          .filter(each -> each.startsWith(queue.name()))
          .mapToLong(each -> Long.parseLong(each.substring(queue.name().length()).strip()))
          .findFirst()
          .orElseThrow();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private long waiting() {
    try {
      return queue.waiting(queue.name());
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
