package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Batch;
import io.hostpipe.Committed;
import io.hostpipe.Encoding;
import io.hostpipe.Pipe;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Block;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ContinuedSinkTest {
  private final Hosts hosts = new Hosts();

  @AfterEach
  void everyBlockIsGivenBack() throws Exception {
    hosts.close();
    Eventually.holds("every block is given back", () -> hosts.pool.takenBytes() == 0);
  }

  @Test
  void positionsGoOnWhereTheEarlierProcessWas() throws Exception {
    SessionListener listener = hosts.listen("x", 1, hosts.raw());
    try (Pipe dialed = hosts.dial("x", hosts.raw());
        Pipe accepted = hosts.accept(listener)) {
      Sink sink = new ContinuedSink(dialed.sink(), 100);
      assertThat(sink.resume()).isEqualTo(new Resume(100, null, null));
      // The first three bytes are there already.
      assertThat(sink.write(batch(97, "oldnew"))).isEqualTo(103);
      assertThat(sink.write(batch(90, "gone"))).isEqualTo(103);
      Source source = accepted.source();
      try (Batch batch = Objects.requireNonNull(source.read())) {
        assertThat(batch.position()).isZero();
        assertThat(StandardCharsets.UTF_8.decode(batch.bytes()).toString()).isEqualTo("new");
      }
      source.commit(3);
      Committed committed = sink.awaitCommitted(103);
      assertThat(committed.position()).isEqualTo(103);
      assertThat(sink.whenCommitted(102).toCompletableFuture().get().position()).isEqualTo(103);
    }
  }

  private Batch batch(long position, String text) {
    Block block = hosts.pool.take(text.length());
    block.buffer().put(text.getBytes(StandardCharsets.UTF_8));
    return new Batch(new StreamId("s"), Encoding.RAW, position, block.buffer().flip(), block, null);
  }
}
