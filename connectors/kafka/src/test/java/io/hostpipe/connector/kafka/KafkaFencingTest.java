package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.testkit.InParallel;
import org.junit.jupiter.api.Test;

/** Writers of one stream that take it from each other at full speed. */
final class KafkaFencingTest extends WithTopic {
  private static final int COUNT = 2_000;
  private static final int WRITERS = 4;

  @Test
  void whoIsReplacedWhileHeWritesEndsAndNothingIsLostOrDoubled() throws Exception {
    int there = 0;
    Sink sink = topic.sink("numbers", "");
    for (int writer = 1; writer < WRITERS; writer++) {
      int from = there;
      Sink replaced = sink;
      long wanted = Topical.lengthBytes(1, there + COUNT);
      InParallel<Object> writing = InParallel.run(() -> writeOn(replaced, from));
      InParallel.await(() -> positionOf(replaced) >= wanted);
      sink = topic.sink("numbers", "");
      Throwable why = writing.failure();
      assertThat(why)
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("another process writes the stream numbers as well");
      assertThat(((PipeException) why).status()).isEqualTo(Status.ABORTED);
      long held = sink.resume().position();
      assertThat(held).isGreaterThanOrEqualTo(wanted);
      there = topic.stored().size();
      assertThat(held).isEqualTo(Topical.lengthBytes(1, there));
    }
    Topical.writeNumbers(sink, there + 1, there + COUNT);
    sink.finish();
    assertThat(topic.stored()).isEqualTo(Topical.numbers(1, there + COUNT));
  }

  /** Without an end, and with several transactions on their way. */
  private static Object writeOn(Sink sink, int behind) throws Exception {
    for (int last = behind; ; last += 100) {
      Topical.writeNumbers(sink, last + 1, last + 100);
      sink.awaitCommitted(Math.max(0, sink.resume().position() - 2_000));
    }
  }

  private static long positionOf(Sink sink) {
    try {
      return sink.committed().position();
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }
}
