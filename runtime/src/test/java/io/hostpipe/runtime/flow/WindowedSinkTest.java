package io.hostpipe.runtime.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Commits;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class WindowedSinkTest {
  private static final StreamId STREAM = new StreamId("windowed");

  private final BlockPool pool = new BlockPool(1 << 20);
  private final LateSink late = new LateSink();

  @AfterEach
  void nothingLeaks() {
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void stopAndWaitHasOneMessageOnItsWay() throws Exception {
    try (Sink sink = new WindowedSink(late, Long.MAX_VALUE, 1)) {
      sink.write(records(20));
      assertThat(late.mostUncommittedMessages).isEqualTo(1);
      assertThat(late.messages).isEqualTo(20);
    }
  }

  @Test
  void noMoreMessagesAreOnTheirWayThanAllowed() throws Exception {
    try (Sink sink = new WindowedSink(late, Long.MAX_VALUE, 8)) {
      sink.write(records(100));
      assertThat(late.mostUncommittedMessages).isEqualTo(8);
      assertThat(late.messages).isEqualTo(100);
    }
  }

  @Test
  void noMoreBytesAreOnTheirWayThanAllowed() throws Exception {
    try (Sink sink = new WindowedSink(late, 1_000, Long.MAX_VALUE)) {
      for (int count = 0; count < 30; count++) {
        try (BatchWriter writer = new BatchWriter(pool, Encoding.RAW, 700)) {
          writer.add(ByteBuffer.allocate(700));
          sink.write(writer.toBatch(STREAM, late.position));
        }
      }
      assertThat(late.mostUncommittedBytes).isBetween(700L, 1_000L);
      assertThat(late.position).isEqualTo(21_000);
    }
  }

  @Test
  void batchesThatAreFilledHereCountToo() throws Exception {
    try (Sink sink = new WindowedSink(late, Long.MAX_VALUE, 3)) {
      for (int count = 0; count < 30; count++) {
        try (BatchWriter writer = sink.newBatch(100)) {
          writer.add(ByteBuffer.allocate(10));
          sink.write(writer);
        }
      }
      assertThat(late.mostUncommittedMessages).isEqualTo(3);
    }
  }

  @Test
  void whatIsLargerThanTheWindowPassesAlone() throws Exception {
    try (Sink sink = new WindowedSink(late, 5, Long.MAX_VALUE)) {
      sink.write(records(3));
      assertThat(late.messages).isEqualTo(3);
      assertThat(late.mostUncommittedMessages).isEqualTo(1);
    }
  }

  @Test
  void aRefusalThatWasHeardWhileWaitingIsToldOnce() throws Exception {
    late.refusesAt = 12;
    try (Sink sink = new WindowedSink(late, Long.MAX_VALUE, 1)) {
      long end = sink.write(records(5));
      Committed news = sink.awaitCommitted(end);
      assertThat(news.rejected()).hasSize(1);
      assertThat(news.rejected().getFirst().endPosition()).isEqualTo(12);
      assertThat(sink.committed().rejected()).isEmpty();
    }
  }

  private Batch records(int count) throws PipeException {
    try (BatchWriter writer = new BatchWriter(pool, Encoding.RECORDS, 1 << 16)) {
      for (int index = 0; index < count; index++) {
        writer.add(ByteBuffer.allocate(10));
      }
      return writer.toBatch(STREAM, late.position);
    }
  }

  /** Commits only when somebody waits for it, and then just that. */
  private final class LateSink implements Sink {
    private final Commits commits = new Commits(0);
    private final List<Long> ends = new ArrayList<>();
    long position;
    long messages;
    long mostUncommittedMessages;
    long mostUncommittedBytes;
    long refusesAt = -1;

    @Override
    public Resume resume() {
      return new Resume(position, null, null);
    }

    @Override
    public BatchWriter newBatch(int leastBytes) {
      return new BatchWriter(pool, Encoding.RECORDS, leastBytes);
    }

    @Override
    public long write(BatchWriter batch) throws PipeException {
      return write(batch.toBatch(STREAM, position));
    }

    @Override
    public long write(Batch batch) throws PipeException {
      try (batch) {
        assertThat(batch.position()).isEqualTo(position);
        long end = position;
        for (int index = 0; index < batch.count(); index++) {
          end = batch.border(end, Integer.MAX_VALUE, 1);
          ends.add(end);
          messages++;
        }
        position = batch.endPosition();
      }
      long committed = commits.position();
      mostUncommittedBytes = Math.max(mostUncommittedBytes, position - committed);
      mostUncommittedMessages =
          Math.max(mostUncommittedMessages, ends.stream().filter(end -> end > committed).count());
      return position;
    }

    @Override
    public Committed committed() throws PipeException {
      return commits.committed();
    }

    @Override
    public Committed awaitCommitted(long wanted) throws PipeException, InterruptedException {
      if (refusesAt >= 0 && refusesAt <= wanted) {
        commits.reject(refusesAt, new Rejection(Status.INVALID_ARGUMENT, "no"));
        refusesAt = -1;
      }
      commits.advance(wanted);
      return commits.await(wanted);
    }

    @Override
    public Committed awaitCommitted(long wanted, Duration timeout)
        throws PipeException, InterruptedException {
      return awaitCommitted(wanted);
    }

    @Override
    public CompletionStage<Committed> whenCommitted(long wanted) {
      return commits.when(wanted);
    }

    @Override
    public void finish() {}

    @Override
    public void close() {}
  }
}
