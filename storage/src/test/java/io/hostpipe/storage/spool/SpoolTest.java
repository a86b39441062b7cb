package io.hostpipe.storage.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.RealDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SpoolTest {
  private static final StreamId STREAM = new StreamId("orders");
  private static final SpoolOptions SMALL =
      SpoolOptions.DEFAULT.withSegmentBytes(64 << 10).withHolder("the test");

  private final BlockPool pool = new BlockPool(64 << 20);

  @TempDir Path folder;

  @AfterEach
  void everyBlockCameBack() {
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void whatWasCommittedIsReadBackInOrderThenAndByTheNextProcess() throws Exception {
    byte[] content = Streams.random(1_000_000);
    try (Spool spool = open(SMALL)) {
      SpoolStream stream = spool.open(STREAM, Encoding.RAW);
      Sink sink = stream.sink();
      assertThat(sink.resume()).isEqualTo(Resume.START);
      Streams.write(sink, content, 0, 600_000, 10_000);
      sink.awaitCommitted(600_000);
      Source source = stream.source(false);
      assertThat(source.seek(Resume.START)).isTrue();
      assertThat(Streams.read(source, 600_000)).isEqualTo(Streams.slice(content, 0, 600_000));
      assertThat(source.read(Duration.ofMillis(1))).isNull();
      assertThat(source.finished()).isFalse();
    }
    try (Spool spool = open(SMALL)) {
      assertThat(spool.heldStreams()).containsExactly(STREAM);
      Resume held = Objects.requireNonNull(spool.held(STREAM));
      assertThat(held.position()).isEqualTo(600_000);
      assertThat(held.digest()).isEqualTo(Digest.of(ByteBuffer.wrap(content, 0, 600_000)));
      assertThat(held.cursor()).isEqualTo(Cursor.of("600000"));
      SpoolStream stream = spool.open(STREAM, Encoding.RAW);
      Sink sink = stream.sink();
      Streams.write(sink, content, 600_000, 1_000_000, 77_777);
      sink.finish();
      Source source = stream.source(false);
      source.seek(new Resume(123_456, null, Digest.of(ByteBuffer.wrap(content, 0, 123_456))));
      assertThat(Streams.read(source, 1_000_000 - 123_456))
          .isEqualTo(Streams.slice(content, 123_456, 1_000_000));
      assertThat(source.read()).isNull();
      assertThat(source.finished()).isTrue();
    }
  }

  @Test
  void aReaderWaitsForTheWriterAndIsHandedItsBlocks() throws Exception {
    byte[] content = Streams.random(3_000_000);
    try (Spool spool = open(SMALL)) {
      SpoolStream stream = spool.open(STREAM, Encoding.RAW);
      Source source = stream.source(false);
      Sink sink = stream.sink();
      Thread writing =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  Streams.write(sink, content, 0, content.length, 30_000);
                  sink.finish();
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              });
      assertThat(Streams.read(source, content.length)).isEqualTo(content);
      assertThat(source.read()).isNull();
      writing.join();
    }
  }

  @Test
  void whatIsCommittedByTheReaderIsReleasedAndItsFilesAreUsedAgain() throws Exception {
    byte[] content = Streams.random(100_000);
    long end = 0;
    try (Spool spool = open(SMALL)) {
      SpoolStream stream = spool.open(STREAM, Encoding.RAW);
      Sink sink = stream.sink();
      Source source = stream.source(false);
      for (int each = 0; each < 50; each++) {
        Streams.write(sink, content, 0, content.length, 50_000);
        end += content.length;
        sink.awaitCommitted(end);
        assertThat(Streams.read(source, content.length)).isEqualTo(content);
        source.commit(end);
      }
      assertThat(spool.diskBytes()).isLessThan(1_000_000);
      assertThat(stream.stats().heldFrom()).isGreaterThan(4_000_000);
      sink.finish();
      assertThat(source.read()).isNull();
      source.commit(end);
    }
    // Its last word is not confirmed yet: whoever asks for it has to find it.
    try (Spool spool = open(SMALL)) {
      SpoolStream stream = spool.open(STREAM, Encoding.RAW);
      assertThat(stream.stats().released()).isEqualTo(end);
      assertThat(stream.stats().diskBytes()).isPositive();
      assertThat(stream.delivered()).isFalse();
      Source source = stream.source(false);
      assertThat(source.seek(stream.held())).isTrue();
      assertThat(source.read()).isNull();
      assertThat(source.finished()).isTrue();
      source.commit(end, null);
      assertThat(stream.delivered()).isTrue();
    }
    try (Spool spool = open(SMALL)) {
      SpoolStream stream = spool.open(STREAM, Encoding.RAW);
      assertThat(stream.finished()).isTrue();
      assertThat(stream.held().position()).isEqualTo(5_000_000);
      assertThat(stream.stats().diskBytes()).isZero();
      assertThat(stream.delivered()).isTrue();
      stream.sink().finish();
      Source source = stream.source(false);
      assertThat(source.seek(stream.held())).isTrue();
      assertThat(source.read()).isNull();
      assertThat(source.finished()).isTrue();
    }
  }

  @Test
  void messagesKeepTheirBordersAlsoForASinkThatStoppedInsideOne() throws Exception {
    try (Spool spool = open(SMALL)) {
      SpoolStream stream = spool.open(STREAM, Encoding.RECORDS);
      Sink sink = stream.sink();
      BatchWriter batch = sink.newBatch(0);
      for (String each : new String[] {"one", "twenty", "three"}) {
        batch.add(ByteBuffer.wrap(each.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
      }
      long end = sink.write(batch);
      sink.awaitCommitted(end);
      Source source = stream.source(false);
      source.seek(new Resume(5, null, null));
      try (Batch next = Objects.requireNonNull(source.read())) {
        assertThat(next.count()).isEqualTo(2);
        assertThat(next.beginsInsideRecord()).isFalse();
      }
      source.seek(new Resume(8, null, null));
      try (Batch rest = Objects.requireNonNull(source.read())) {
        assertThat(rest.beginsInsideRecord()).isTrue();
        assertThat(rest.position()).isEqualTo(8);
        assertThat(rest.endPosition()).isEqualTo(13);
      }
      try (Batch next = Objects.requireNonNull(source.read())) {
        assertThat(next.count()).isEqualTo(1);
        assertThat(next.endPosition()).isEqualTo(end);
      }
    }
  }

  @Test
  void aMessageLongerThanASegmentGetsALongerOne() throws Exception {
    byte[] content = Streams.random(Records.PAYLOAD_BYTES_MAX);
    try (Spool spool = open(SMALL)) {
      SpoolStream stream = spool.open(STREAM, Encoding.RECORDS);
      Sink sink = stream.sink();
      BatchWriter batch = sink.newBatch(0);
      assertThat(batch.add(ByteBuffer.wrap(content))).isTrue();
      sink.awaitCommitted(sink.write(batch));
      Source source = stream.source(false);
      try (Batch read = Objects.requireNonNull(source.read())) {
        assertThat(read.count()).isEqualTo(1);
        read.forEach(
            (end, payload, headers) -> assertThat(payload).isEqualTo(ByteBuffer.wrap(content)));
      }
    }
  }

  @Test
  void aWriterThatWasReplacedIsRefusedAlsoAfterARestart() throws Exception {
    try (Spool spool = open(SMALL)) {
      Sink sink = spool.open(STREAM, Encoding.RAW).sink();
      sink.fence(7);
      sink.fence(7);
    }
    try (Spool spool = open(SMALL)) {
      assertThat(Objects.requireNonNull(spool.held(STREAM)).epoch()).isEqualTo(7);
      Sink sink = spool.open(STREAM, Encoding.RAW).sink();
      assertThatThrownBy(() -> sink.fence(6))
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("epoch 7");
      sink.fence(8);
    }
  }

  @Test
  void whoeverComesSecondIsToldWhoIsThere() throws Exception {
    try (Spool spool = open(SMALL)) {
      assertThatThrownBy(() -> open(SMALL))
          .isInstanceOfSatisfying(
              PipeException.Refused.class,
              refused -> assertThat(refused.status()).isEqualTo(Status.ALREADY_EXISTS))
          .hasMessageContaining("this very process");
      SpoolStream stream = spool.open(STREAM, Encoding.RAW);
      try (Sink sink = stream.sink();
          Source source = stream.source(false)) {
        assertThat(sink).isNotNull();
        assertThat(source).isNotNull();
        assertThatThrownBy(stream::sink).hasMessageContaining("is being written");
        assertThatThrownBy(() -> stream.source(false)).hasMessageContaining("is being read");
        assertThatThrownBy(() -> spool.forget(STREAM)).hasMessageContaining("is being used");
      }
      stream.sink().close();
      stream.source(false).close();
      assertThatThrownBy(() -> spool.open(STREAM, Encoding.RECORDS))
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("--session");
      spool.forget(STREAM);
      assertThat(spool.heldStreams()).isEmpty();
    }
    try (Spool spool = open(SMALL)) {
      assertThat(spool.heldStreams()).isEmpty();
      assertThat(spool.held(STREAM)).isNull();
    }
  }

  @Test
  void aSinkThatHasOtherBytesOrMoreOrLessIsALossOfData() throws Exception {
    byte[] content = Streams.random(300_000);
    try (Spool spool = open(SMALL)) {
      SpoolStream stream = spool.open(STREAM, Encoding.RAW);
      Sink sink = stream.sink();
      Streams.write(sink, content, 0, content.length, 20_000);
      sink.awaitCommitted(content.length);
      Source source = stream.source(false);
      assertThatThrownBy(
              () -> source.seek(new Resume(100_001, null, Digest.of(ByteBuffer.allocate(3)))))
          .isInstanceOf(PipeException.DataLoss.class)
          .hasMessageContaining("other bytes")
          .hasMessageContaining("100001");
      assertThatThrownBy(() -> source.seek(new Resume(300_001, null, null)))
          .isInstanceOf(PipeException.DataLoss.class)
          .hasMessageContaining("300000")
          .hasMessageContaining("300001");
      source.commit(200_000);
      Streams.write(sink, content, 0, 1, 1);
      sink.awaitCommitted(content.length + 1);
      while (stream.stats().heldFrom() == 0) {
        Thread.onSpinWait();
      }
      assertThatThrownBy(() -> source.seek(new Resume(10, null, null)))
          .isInstanceOf(PipeException.DataLoss.class)
          .hasMessageContaining("up to 10");
    }
  }

  @Test
  void anInterruptedReaderReadsOnAndAClosedOneIsWoken() throws Exception {
    byte[] content = Streams.random(200_000);
    try (Spool spool = open(SMALL)) {
      SpoolStream stream = spool.open(STREAM, Encoding.RAW);
      Sink sink = stream.sink();
      Streams.write(sink, content, 0, content.length, 10_000);
      sink.awaitCommitted(content.length);
      Source source = stream.source(false);
      assertThat(Streams.read(source, 50_000)).isEqualTo(Streams.slice(content, 0, 50_000));
      Thread.currentThread().interrupt();
      assertThatThrownBy(source::read).isInstanceOf(InterruptedException.class);
      assertThat(Streams.read(source, 150_000)).isEqualTo(Streams.slice(content, 50_000, 200_000));
      Thread closing = Thread.ofVirtual().start(source::close);
      assertThatThrownBy(source::read).isInstanceOf(PipeException.Closed.class);
      closing.join();
    }
  }

  private Spool open(SpoolOptions options) throws PipeException {
    return Spool.open(RealDisk.INSTANCE, folder, options, pool, PipeEvents.SILENT);
  }
}
