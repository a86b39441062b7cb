package io.hostpipe.spi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.Framing;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class FramedTargetTest {
  private static final List<String> MESSAGES = List.of("one", "", "three", "x".repeat(300), "end");

  private final BlockPool pool = new BlockPool(1 << 22);

  @AfterEach
  void nothingLeaks() {
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void writesMessagesAsTheFramingTellsThemApart() throws Exception {
    ByteTarget bytes = new ByteTarget(pool, false);
    try (FramedTarget target = new FramedTarget(bytes, Framing.LINES, pool);
        Sink sink = target.open(ByteSource.STREAM, Encoding.RECORDS)) {
      long end = sink.write(batch(MESSAGES, 0));
      assertThat(sink.committed().position()).isEqualTo(end);
      sink.finish();
      assertThat(bytes.finished).isTrue();
      assertThat(text(bytes)).isEqualTo(String.join("\n", MESSAGES) + "\n");
      try (Batch same = batch(MESSAGES, 0)) {
        assertThat(sink.resume())
            .isEqualTo(new Resume(end, Cursor.of("5"), Digest.of(same.bytes()), end));
      }
    }
  }

  @Test
  void commitsCountWholeMessages() throws Exception {
    ByteTarget bytes = new ByteTarget(pool, false);
    bytes.commitsAtOnce = false;
    try (FramedTarget target = new FramedTarget(bytes, Framing.U32, pool);
        Sink sink = target.open(ByteSource.STREAM, Encoding.RECORDS)) {
      long first = sink.write(batch(List.of("a"), 0));
      long second = sink.write(batch(List.of("bb"), first));
      Commits commits = Objects.requireNonNull(bytes.open).commits;
      commits.advance(7);
      assertThat(sink.awaitCommitted(first).position()).isEqualTo(first);
      assertThat(sink.awaitCommitted(second, Duration.ofMillis(1)).position()).isEqualTo(first);
      var later = sink.whenCommitted(second).toCompletableFuture();
      commits.advance(11);
      assertThat(later.join().position()).isEqualTo(second);
    }
  }

  @Test
  void aMessageThatTheFramingCannotCarryIsRefusedByName() throws Exception {
    ByteTarget bytes = new ByteTarget(pool, false);
    try (FramedTarget target = new FramedTarget(bytes, Framing.LINES, pool);
        Sink sink = target.open(ByteSource.STREAM, Encoding.RECORDS)) {
      long end = sink.write(batch(List.of("good", "b\nad", "fine"), 0));
      Committed news = sink.committed();
      assertThat(news.position()).isEqualTo(end);
      assertThat(news.rejected()).hasSize(1);
      assertThat(news.rejected().getFirst().endPosition()).isEqualTo(12);
      assertThat(news.rejected().getFirst().why().reason()).contains("lines");
      assertThat(text(bytes)).isEqualTo("good\nfine\n");
    }
  }

  /** Broken at every byte of the output, reopened, and the same messages from where it stands. */
  @Test
  void goesOnExactlyAfterABreakAtAnyByte() throws Exception {
    for (Framing framing : List.of(Framing.LINES, Framing.U32, Framing.parse("delim:\\r\\n"))) {
      int lengthBytes = whole(framing).length;
      for (boolean keepsCursors : new boolean[] {false, true}) {
        for (int at = 0; at < lengthBytes; at++) {
          ByteTarget bytes = new ByteTarget(pool, keepsCursors);
          bytes.breaksAtByte = at;
          FramedTarget target = new FramedTarget(bytes, framing, pool);
          long committed = breakInside(target, framing, at);
          bytes.breaksAtByte = Integer.MAX_VALUE;
          if (keepsCursors) {
            target = new FramedTarget(bytes, framing, pool);
          }
          try (Sink sink = target.open(ByteSource.STREAM, Encoding.RECORDS)) {
            Resume from = sink.resume();
            assertThat(from.position()).isLessThanOrEqualTo(committed);
            assertThat(keepsCursors || from.position() == committed).isTrue();
            int index = indexOf(from.position());
            try (Batch before = batch(MESSAGES.subList(0, index), 0)) {
              assertThat(from.digest()).isEqualTo(Digest.of(before.bytes()));
            }
            write(sink, index);
            sink.finish();
          }
          assertThat(text(bytes)).isEqualTo(new String(whole(framing), UTF_8));
        }
      }
    }
  }

  @Test
  void whatItCannotPlaceIsComparedWithWhatComesAgain() throws Exception {
    for (String again : List.of("half a line", "half a pie", "another line")) {
      ByteTarget bytes = new ByteTarget(pool, false);
      try (Sink sink = bytes.open(ByteSource.STREAM, Encoding.RAW);
          BatchWriter writer = sink.newBatch(10)) {
        writer.add(ByteBuffer.wrap("first\nhalf a li".getBytes(UTF_8)));
        sink.write(writer);
      }
      try (FramedTarget target = new FramedTarget(bytes, Framing.LINES, pool);
          Sink sink = target.open(ByteSource.STREAM, Encoding.RECORDS)) {
        assertThat(sink.resume()).isEqualTo(Resume.START);
        sink.write(batch(List.of("first"), 0));
        if (again.equals("half a line")) {
          sink.write(batch(List.of(again, "last"), 7));
          assertThat(text(bytes)).isEqualTo("first\nhalf a line\nlast\n");
        } else {
          assertThatThrownBy(() -> sink.write(batch(List.of(again), 7)))
              .isInstanceOf(PipeException.DataLoss.class)
              .hasMessageContaining("other bytes before 15");
        }
      }
    }
  }

  @Test
  void refusesBytesAndPlacesOfAnotherFraming() throws Exception {
    ByteTarget bytes = new ByteTarget(pool, true);
    FramedTarget lines = new FramedTarget(bytes, Framing.LINES, pool);
    assertThatThrownBy(() -> lines.open(ByteSource.STREAM, Encoding.RAW))
        .isInstanceOf(PipeException.Config.class);
    try (Sink sink = lines.open(ByteSource.STREAM, Encoding.RECORDS)) {
      sink.write(batch(List.of("first"), 0));
    }
    try (FramedTarget varint = new FramedTarget(bytes, Framing.VARINT, pool)) {
      assertThatThrownBy(() -> varint.open(ByteSource.STREAM, Encoding.RECORDS))
          .isInstanceOf(PipeException.Refused.class)
          .extracting(e -> ((PipeException) e).status())
          .isEqualTo(Status.FAILED_PRECONDITION);
    }
  }

  @Test
  void messagesLargerThanABlockPass() throws Exception {
    ByteTarget bytes = new ByteTarget(pool, false);
    List<String> large = List.of("a".repeat(300_000), "b", "c".repeat(700_000), "d");
    try (FramedTarget target = new FramedTarget(bytes, Framing.LINES, pool);
        Sink sink = target.open(ByteSource.STREAM, Encoding.RECORDS)) {
      long end = sink.write(batch(large, 0));
      assertThat(sink.committed().position()).isEqualTo(end);
    }
    assertThat(text(bytes).equals(String.join("\n", large) + "\n")).isTrue();
  }

  /** Writes until it breaks; what was committed by then. */
  private long breakInside(FramedTarget target, Framing framing, int at) throws Exception {
    try (Sink sink = target.open(ByteSource.STREAM, Encoding.RECORDS)) {
      assertThatThrownBy(() -> write(sink, 0)).hasMessage("broke");
      long committed = committed(sink);
      int index = indexOf(committed);
      int heldBytes = 0;
      for (String each : MESSAGES.subList(0, index)) {
        heldBytes += framing.encodedLengthBytes(each.length());
      }
      assertThat(at - heldBytes)
          .as("only the last, unfinished message is not committed")
          .isBetween(0, framing.encodedLengthBytes(MESSAGES.get(index).length()) - 1);
      return committed;
    }
  }

  /** A failure is told at once where nothing was committed before it. */
  private static long committed(Sink sink) {
    try {
      return sink.committed().position();
    } catch (PipeException e) {
      assertThat(e).hasMessage("broke");
      return 0;
    }
  }

  /** The messages from this index on, in two batches. */
  private void write(Sink sink, int fromIndex) throws Exception {
    long position = borders()[fromIndex];
    if (fromIndex < 2) {
      position = sink.write(batch(MESSAGES.subList(fromIndex, 2), position));
    }
    sink.write(batch(MESSAGES.subList(Math.max(2, fromIndex), MESSAGES.size()), position));
  }

  private byte[] whole(Framing framing) throws PipeException {
    ByteBuffer all = ByteBuffer.allocate(1_000);
    for (String each : MESSAGES) {
      framing.encode(ByteBuffer.wrap(each.getBytes(UTF_8)), all);
    }
    return java.util.Arrays.copyOf(all.array(), all.position());
  }

  private int indexOf(long position) throws PipeException {
    long[] borders = borders();
    for (int index = 0; index < borders.length; index++) {
      if (borders[index] == position) {
        return index;
      }
    }
    throw new AssertionError("no message begins at " + position);
  }

  private long[] borders() throws PipeException {
    long[] borders = new long[MESSAGES.size() + 1];
    for (int index = 0; index < MESSAGES.size(); index++) {
      try (Batch one = batch(MESSAGES.subList(index, index + 1), borders[index])) {
        borders[index + 1] = one.endPosition();
      }
    }
    return borders;
  }

  private Batch batch(List<String> messages, long position) throws PipeException {
    try (BatchWriter writer = new BatchWriter(pool, Encoding.RECORDS, 2_000_000)) {
      for (String each : messages) {
        writer.add(ByteBuffer.wrap(each.getBytes(UTF_8)));
      }
      writer.cursor(Cursor.of("" + messages.size()));
      return writer.toBatch(ByteSource.STREAM, position);
    }
  }

  private static String text(ByteTarget bytes) {
    return new String(bytes.content(), UTF_8);
  }
}
