package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Committed.Rejected;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.spi.RefusesFirst;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A server that takes shorter messages than others do, and says so when it is given a longer one.
 */
abstract class ShortMessages extends OnServer {
  static final int BYTES_MAX = 5_000;
  static final String SETTING = "max_message_size = " + BYTES_MAX;

  private static final int COUNT = 1_000;

  @Test
  void whatIsTooLongIsRejectedInItsTurnAndTheRestIsThereOnceAndInOrder() throws Exception {
    Sink sink = queue.sink("numbers", "?single");
    List<String> order = new ArrayList<>();
    ((RefusesFirst) sink).onRefusal((end, why) -> order.add(end + " " + why.reason()));
    List<Long> bad = new ArrayList<>();
    try (BatchWriter batch = sink.newBatch(1 << 20)) {
      for (int each = 1; each <= COUNT; each++) {
        add(batch, "" + each);
        if (each % 300 == 0) {
          add(batch, "x".repeat(BYTES_MAX + each));
          bad.add((long) batch.lengthBytes());
        }
      }
      add(batch, "y".repeat(BYTES_MAX));
      sink.write(batch);
    }
    long end = sink.resume().position();
    assertThat(sink.awaitCommitted(end).rejected().stream().map(Rejected::endPosition))
        .isEqualTo(bad);
    long later = TestQueue.write(sink, "x".repeat(BYTES_MAX + 1), Headers.EMPTY);
    bad.add(later);
    TestQueue.write(sink, "last", Headers.EMPTY);
    sink.finish();
    assertThat(order.stream().map(each -> Long.valueOf(each.split(" ", 2)[0]))).isEqualTo(bad);
    assertThat(order)
        .allMatch(each ->
            each.endsWith(
                "bytes, and the server takes at most " + BYTES_MAX + " (max_message_size)"));
    List<String> wanted = new ArrayList<>(TestQueue.numbers(1, COUNT));
    wanted.addAll(List.of("y".repeat(BYTES_MAX), "last"));
    assertThat(TestQueue.read(queue.source("?once&until=empty"), Integer.MAX_VALUE, true).texts())
        .isEqualTo(wanted);
    assertThat(queue.warnings()).noneMatch(each -> each.contains("come later"));
  }

  @Test
  void nothingIsTakenBehindOneThatNobodyKeeps() throws Exception {
    Sink sink = queue.sink("any", "");
    ((RefusesFirst) sink)
        .onRefusal((end, why) -> {
          throw RefusesFirst.unkept(new StreamId("any"), end, why);
        });
    long first = TestQueue.write(sink, "one", Headers.EMPTY);
    assertThatExceptionOfType(PipeException.Rejected.class)
        .isThrownBy(() -> {
          TestQueue.write(sink, "x".repeat(BYTES_MAX + 1), Headers.EMPTY);
          TestQueue.write(sink, "three", Headers.EMPTY);
          sink.finish();
        })
        .withMessageContaining("(max_message_size)");
    assertThat(sink.committed()).isEqualTo(new Committed(first, List.of()));
    assertThat(TestQueue.texts(queue.takeAll(queue.name()))).containsOnly("one");
  }

  /** Streams have a limit of their own, which is a frame's. */
  @Test
  void aStreamTakesWhatAQueueDoesNot() throws Exception {
    try (TestStream stream = new TestStream(server)) {
      String text = "x".repeat(2 * BYTES_MAX);
      Sink sink = stream.sink("any", "");
      TestStream.write(sink, text, Headers.EMPTY);
      sink.finish();
      assertThat(TestStream.read(stream.source("?until=last"), 1)).containsExactly(text);
    }
  }

  private static void add(BatchWriter batch, String text) throws PipeException {
    assertThat(batch.add(StandardCharsets.UTF_8.encode(text))).isTrue();
  }
}
