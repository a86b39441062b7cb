package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Headers;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.spi.RefusingSource;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.RabbitServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is different in RabbitMQ 4, and what is the same there. */
final class RabbitVersion4Test extends OnServer {
  /** From 4 on a server drops what came again so often, unless a queue says otherwise. */
  private static final int LIMIT_OF_THE_SERVER = 20;

  @BeforeAll
  static void start() throws Exception {
    server = RabbitServer.startVersion4(folder);
  }

  @Test
  void whatWasPublishedTwiceIsReadOnceThroughAKilledServer() throws Exception {
    String query = "?quorum&single";
    Sink killed = queue.sink("numbers", query);
    TestQueue.writeNumbers(killed, 1, 500);
    killed.awaitCommitted(killed.resume().position());
    killed.close();
    Sink again = queue.sink("numbers", query);
    TestQueue.writeNumbers(again, 1, 1_000);
    server.awaitKept(queue.name());
    server.kill();
    server.restart();
    again.finish();
    Source source = queue.source("?once&until=empty");
    assertThat(TestQueue.read(source, Integer.MAX_VALUE, true).texts())
        .isEqualTo(TestQueue.numbers(1, 1_000));
  }

  @Test
  void nothingIsDroppedWhenReadersEndMoreOftenThanTheServersOwnLimit() throws Exception {
    Sink sink = queue.sink("numbers", "?quorum");
    TestQueue.writeNumbers(sink, 1, 10);
    sink.finish();
    assertThat(queue.check("", true)).startsWith("RabbitMQ 4.").contains("x-delivery-limit=-1");
    for (int life = 0; life <= LIMIT_OF_THE_SERVER + 4; life++) {
      try (Source source = queue.source("")) {
        TestQueue.read(source, 10, false);
      }
    }
    InParallel.await(() -> waiting() == 10);
    Source last = queue.source("?until=empty");
    assertThat(TestQueue.read(last, Integer.MAX_VALUE, true).texts())
        .containsExactlyInAnyOrderElementsOf(TestQueue.numbers(1, 10));
  }

  @Test
  void aQueueThatDropsWhatCameAgainIsWarnedOf() throws Exception {
    queue.client().queueDeclare(queue.name(), true, false, false, Map.of("x-queue-type", "quorum"));
    assertThat(queue.check("", true)).contains("this server then drops what has come again 20");
  }

  @Test
  void itCountsTriesToo() throws Exception {
    Sink sink = queue.sink("numbers", "?quorum");
    TestQueue.writeNumbers(sink, 1, 5);
    sink.finish();
    List<String> kept = new ArrayList<>();
    List<String> arrived = new ArrayList<>();
    for (int life = 1; life <= 2; life++) {
      try (Source source = queue.source("?quorum", 2)) {
        ((RefusingSource) source)
            .onRefused((position, payload, headers, why) -> kept.add("" + why.attempts()));
        arrived.addAll(TestQueue.readUpTo(source, "3"));
      }
    }
    assertThat(kept).isEmpty();
    InParallel.await(() -> waiting() == 3);
    Source last = queue.source("?quorum&until=empty", 2);
    ((RefusingSource) last)
        .onRefused((position, payload, headers, why) -> kept.add("" + why.attempts()));
    arrived.addAll(TestQueue.read(last, Integer.MAX_VALUE, true).texts());
    assertThat(kept).containsExactly("2");
    assertThat(arrived).containsExactlyInAnyOrder("1", "2", "4", "5");
  }

  @Test
  void requestsAreAnsweredAndAnAnswerToWhoHasGoneIsSaid() throws Exception {
    server.awaitRunning();
    Pipe answers = queue.pipe("", true);
    Pipe asks = queue.pipe("?timeout=1h", false);
    TestQueue.writeNumbers(asks.sink(), 1, 100);
    assertThat(TestQueue.read(answers.source(), 100)).isEqualTo(TestQueue.numbers(1, 100));
    TestQueue.writeNumbers(answers.sink(), 101, 200);
    assertThat(TestQueue.read(asks.source(), 100)).isEqualTo(TestQueue.numbers(101, 200));
    TestQueue.write(asks.sink(), "one more", Headers.EMPTY);
    assertThat(TestQueue.read(answers.source(), 1)).containsExactly("one more");
    asks.close();
    TestQueue.write(answers.sink(), "to nobody", Headers.EMPTY);
    assertThat(queue.warnings()).anyMatch(each -> each.contains("whoever asked has gone"));
  }

  @Test
  void aStreamIsWrittenOnceThroughAKilledServerAndRead() throws Exception {
    try (TestStream stream = new TestStream(server)) {
      Sink sink = stream.sink("numbers", "");
      TestStream.writeNumbers(sink, 1, 5_000);
      sink.awaitCommitted(sink.resume().position());
      server.awaitStreamsKept();
      server.kill();
      server.restart();
      TestStream.writeNumbers(sink, 5_001, 10_000);
      sink.finish();
      Sink next = stream.sink("numbers", "");
      assertThat(next.resume().position()).isEqualTo(sink.resume().position());
      assertThat(TestStream.read(stream.source("?until=last"), Integer.MAX_VALUE))
          .isEqualTo(TestStream.numbers(1, 10_000));
      assertThat(stream.readAsQueue(10_000)).isEqualTo(TestStream.numbers(1, 10_000));
    }
  }

  @Test
  void anotherQueueThanIsAskedForIsNamed() throws Exception {
    queue.client().queueDeclare(queue.name(), true, false, false, null);
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> queue.check("?quorum", true))
        .withMessageContaining("was declared otherwise than is asked for");
  }

  private long waiting() {
    try {
      return queue.waiting(queue.name());
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "?quorum", "?quorum&single&dead-letters=dead"})
  void aQueueThatIsGoneIsNotMadeByLookingAtItThere(String query) throws Exception {
    QueueOptions options = QueueOptions.of(queue.address(query), true);
    try (RabbitConnection connection = RabbitConnection.open(options, why -> {})) {
      Queues queues = new Queues(connection, options);
      assertThat(queues.look()).isNull();
      assertThat(queues.find(queue.name())).isNull();
    }
  }
}
