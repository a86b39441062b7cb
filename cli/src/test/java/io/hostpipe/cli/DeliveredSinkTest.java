package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.hostpipe.Committed;
import io.hostpipe.Resume;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What stands for destinations that have all of a stream, and may have gone. */
final class DeliveredSinkTest {
  private static final Resume END = new Resume(7, null, null);

  private final DeliveredSink sink = new DeliveredSink(END);

  @Test
  void everythingIsCommittedFromTheBeginning() throws Exception {
    Committed all = new Committed(7, List.of());
    assertThat(sink.resume()).isEqualTo(END);
    assertThat(sink.committed()).isEqualTo(all);
    assertThat(sink.awaitCommitted(7)).isEqualTo(all);
    assertThat(sink.whenCommitted(7).toCompletableFuture().join()).isEqualTo(all);
    sink.finish();
    sink.close();
    assertThat(sink.committed()).isEqualTo(all);
  }

  @Test
  void whatComesBehindTheEndIsAMistake() {
    assertThatIllegalStateException()
        .isThrownBy(() -> sink.newBatch(0))
        .withMessageContaining("behind the end, 7");
  }
}
