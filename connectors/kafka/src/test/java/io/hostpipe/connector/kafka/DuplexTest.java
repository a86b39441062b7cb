package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.testkit.InParallel;
import org.junit.jupiter.api.Test;

/** A pipe with both directions over two topics. */
final class DuplexTest extends WithTopic {
  @Test
  void whatOneSideWritesTheOtherReadsAndBothDirectionsEnd() throws Exception {
    String both = "?end=mark&until=mark&back=" + topic.name() + "-back";
    Pipe near = topic.pipe(both, false);
    Pipe far = topic.pipe(both, true);
    InParallel<Boolean> forth =
        InParallel.run(() -> {
          Topical.writeNumbers(near.sink(), 1, 500);
          near.sink().finish();
          return true;
        });
    assertThat(Topical.read(far.source(), Integer.MAX_VALUE)).isEqualTo(Topical.numbers(1, 500));
    assertThat(forth.join()).isTrue();
    Topical.writeNumbers(far.sink(), 501, 700);
    far.sink().finish();
    assertThat(Topical.read(near.source(), Integer.MAX_VALUE)).isEqualTo(Topical.numbers(501, 700));
  }

  @Test
  void oneTopicHasOneDirection() {
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> topic.pipe("", false))
        .withMessageContaining("has one direction; name what the other one goes over with back=");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> topic.pipe("?back=" + topic.name(), true))
        .withMessageContaining("what is written there would be read again");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> topic.sink("numbers", "?back=other"))
        .withMessageContaining("means something with --duplex only");
  }
}
