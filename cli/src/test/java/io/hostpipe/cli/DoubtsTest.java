package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.RealDisk;
import io.hostpipe.storage.spool.Spool;
import io.hostpipe.storage.spool.SpoolOptions;
import io.hostpipe.storage.spool.SpoolStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of a spool whose last process was killed. */
final class DoubtsTest {
  @TempDir private Path folder;

  private final List<String> said = new ArrayList<>();
  private final PipeEvents events =
      new PipeEvents() {
        @Override
        public void warning(String text) {
          said.add(text);
        }
      };
  private Spool spool;
  private SpoolStream stream;

  @BeforeEach
  void holdsTenBytesOfWhichFourWereReleased() throws Exception {
    spool =
        Spool.open(
            RealDisk.INSTANCE,
            folder,
            SpoolOptions.DEFAULT,
            new BlockPool(1 << 24),
            PipeEvents.SILENT);
    stream = spool.open(new StreamId("s"), Encoding.RAW);
    try (Sink sink = stream.sink();
        Source source = stream.source(false)) {
      var batch = sink.newBatch(0);
      batch.add(ByteBuffer.wrap(new byte[10]));
      sink.write(batch);
      sink.awaitCommitted(10);
      source.commit(4);
    }
  }

  @AfterEach
  void closesTheSpool() {
    spool.close();
  }

  @Test
  void theExactRangeIsSaidBeforeAndInTheEnd() throws Exception {
    Doubts doubts = new Doubts(true, events);
    doubts.consider(stream, plan("-"));
    assertThat(said)
        .singleElement()
        .asString()
        .contains(
            "the last process was killed", "positions 4..10 of the stream s may be twice in -");
    PipeException failure = Objects.requireNonNull(doubts.failure());
    assertThat(failure)
        .hasMessage("everything arrived, but positions 4..10 of the stream s may be twice in -");
    assertThat(failure.status()).isEqualTo(Status.UNKNOWN);
    assertThat(ExitCode.of(failure)).isEqualTo(ExitCode.PARTIAL);
  }

  @Test
  void eachDestinationThatKeepsNoPlaceIsNamed() throws Exception {
    Doubts doubts = new Doubts(true, events);
    doubts.consider(stream, plan("-", "./out", "exec:cat", "tcp://h:1/x"));
    assertThat(doubts.failure()).hasMessageContaining("in -; ").hasMessageEndingWith("in exec:cat");
    assertThat(said).hasSize(2);
  }

  @Test
  void afterACleanEndNothingIsInDoubt() throws Exception {
    Doubts doubts = new Doubts(false, events);
    doubts.consider(stream, plan("-"));
    assertThat(doubts.failure()).isNull();
    assertThat(said).isEmpty();
  }

  @Test
  void whatWasDeliveredIsNotInDoubt() throws Exception {
    try (Source source = stream.source(false)) {
      source.commit(10);
    }
    Doubts doubts = new Doubts(true, events);
    doubts.consider(stream, plan("-"));
    assertThat(doubts.failure()).isNull();
    assertThat(said).isEmpty();
  }

  private PipePlan plan(String... sinks) throws PipeException {
    List<String> words = new ArrayList<>(List.of("tcp-listen://127.0.0.1:0/x"));
    words.addAll(List.of(sinks));
    words.addAll(List.of("--spool", folder.toString()));
    return PipePlan.of(
        Invocation.parse(words.toArray(String[]::new)),
        Catalog.ofProcess(),
        new Captured().console());
  }
}
