package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Headers;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.testkit.StoreEnds;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Two queues, or two streams, as the two directions of one pipe. */
final class DuplexTest extends WithQueue {
  @Test
  void twoQueuesAreTheTwoDirectionsOfAPipe() throws Exception {
    goBackAndForth(queue, "?single&end=mark&until=mark&back=back." + queue.name());
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> queue.pipe("?exchange=any&back=other", true))
        .withMessageContaining("an exchange is none");
  }

  @Test
  void twoStreamsAreTheTwoDirectionsOfAPipe() throws Exception {
    try (TestStream stream = new TestStream(server)) {
      goBackAndForth(stream, "?end=mark&until=mark&back=back." + stream.name());
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> stream.pipe("", false))
          .withMessageContaining("has one direction; name what the other one goes over with back=");
    }
  }

  private static void goBackAndForth(StoreEnds ends, String query) throws Exception {
    Pipe asks = ends.pipe(query, false);
    Pipe answers = ends.pipe(query, true);
    StoreEnds.write(asks.sink(), "question", Headers.EMPTY);
    asks.sink().finish();
    assertThat(StoreEnds.read(answers.source(), 1)).isEqualTo(List.of("question"));
    assertThat(StoreEnds.read(answers.source(), 1)).isEmpty();
    StoreEnds.write(answers.sink(), "answer", Headers.EMPTY);
    answers.sink().finish();
    assertThat(StoreEnds.read(asks.source(), 2)).isEqualTo(List.of("answer"));
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> ends.sink("numbers", "?back=other"))
        .withMessageContaining("means something with --duplex only");
  }
}
