package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A file that remembers what it has of its stream; a process that is killed is a target that is
 * never closed, with the files as they are at that moment.
 */
final class FileResumeTest {
  private static final String RESUME = LocalConnector.RESUME;

  private final BlockPool pool = new BlockPool(1 << 20);
  @TempDir private Path folder;

  @AfterEach
  void everyBlockCameBack() {
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void goesOnWhereItStoodWithDigestAndCursor() throws Exception {
    Path file = folder.resolve("file");
    write(file, "abc", "place 3");
    try (Target target = Ends.target(pool, file, RESUME);
        Sink sink = Ends.open(target)) {
      assertThat(sink.resume())
          .isEqualTo(
              new Resume(
                  3,
                  Cursor.of("place 3"),
                  Digest.of(ByteBuffer.wrap("abc".getBytes(StandardCharsets.UTF_8)))));
      write(sink, "de", "place 5");
      assertThat(sink.resume().cursor()).isEqualTo(Cursor.of("place 5"));
    }
    assertThat(file).hasContent("abcde");
  }

  @Test
  void cutsOffWhatWasWrittenAndNotKept() throws Exception {
    Path file = folder.resolve("file");
    write(file, "abc", "place 3");
    Files.writeString(file, "half a ba", StandardOpenOption.APPEND);
    assertThat(resumeOf(file).position()).isEqualTo(3);
    assertThat(file).hasContent("abc");
  }

  @Test
  void fallsBackToTheOlderPlaceWhenTheDataOfTheNewerIsNotThere() throws Exception {
    Path file = folder.resolve("file");
    try (Target target = Ends.target(pool, file, RESUME);
        Sink sink = Ends.open(target)) {
      write(sink, "abc", "place 3");
      write(sink, "def", "place 6");
    }
    byte[] zeros = new byte[3];
    try (var out = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
      out.position(3).write(ByteBuffer.wrap(zeros));
    }
    assertThat(resumeOf(file).cursor()).isEqualTo(Cursor.of("place 3"));
    assertThat(file).hasContent("abc");
  }

  @Test
  void fallsBackToTheOlderPlaceWhenTheNewerIsTorn() throws Exception {
    Path file = folder.resolve("file");
    try (Target target = Ends.target(pool, file, RESUME);
        Sink sink = Ends.open(target)) {
      write(sink, "abc", "place 3");
      write(sink, "def", "place 6");
    }
    Path beside = KeptPlaces.beside(file);
    byte[] slots = Files.readAllBytes(beside);
    // Slot 0 has the start, then "place 6"; slot 1 has "place 3".
    slots[20] ^= 1;
    Files.write(beside, slots);
    assertThat(resumeOf(file).position()).isEqualTo(3);
  }

  @Test
  void saysWhenWhatWasKeptIsNotThere() throws Exception {
    Path file = folder.resolve("file");
    try (Target target = Ends.target(pool, file, RESUME);
        Sink sink = Ends.open(target)) {
      write(sink, "abc", "place 3");
      write(sink, "def", "place 6");
    }
    Files.writeString(file, "a", StandardOpenOption.TRUNCATE_EXISTING);
    try (Target target = Ends.target(pool, file, RESUME)) {
      assertThatThrownBy(() -> Ends.open(target))
          .isInstanceOf(PipeException.DataLoss.class)
          .hasMessageContaining("it should have 6 bytes and has 1");
    }
  }

  @Test
  void refusesAnotherStreamUnlessToldToAppend() throws Exception {
    Path file = folder.resolve("file");
    write(file, "abc", "place 3");
    StreamId other = new StreamId("other");
    try (Target target = Ends.target(pool, file, RESUME)) {
      assertThatThrownBy(() -> target.open(other, Encoding.RAW))
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("holds the stream stream, so other cannot go on in it");
    }
    try (Target target = Ends.target(pool, file, RESUME, LocalConnector.APPEND);
        Sink sink = target.open(other, Encoding.RAW)) {
      assertThat(sink.resume()).isEqualTo(Resume.START);
      write(sink, "xy", "place 2");
    }
    try (Target target = Ends.target(pool, file, RESUME);
        Sink sink = target.open(other, Encoding.RAW)) {
      assertThat(sink.resume().position()).isEqualTo(2);
    }
    assertThat(file).hasContent("abcxy");
  }

  @Test
  void goesOnBehindWhatSomebodyElseHadWrittenBefore() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "theirs ");
    assertThatThrownBy(() -> Ends.target(pool, file, RESUME))
        .isInstanceOf(PipeException.Refused.class);
    try (Target target = Ends.target(pool, file, RESUME, LocalConnector.APPEND);
        Sink sink = Ends.open(target)) {
      write(sink, "ours", "place 4");
    }
    assertThat(resumeOf(file).position()).isEqualTo(4);
    assertThat(file).hasContent("theirs ours");
  }

  @Test
  void aFileThatWasRemovedBeginsAnew() throws Exception {
    Path file = folder.resolve("file");
    write(file, "abc", "place 3");
    Files.delete(file);
    assertThat(resumeOf(file)).isEqualTo(Resume.START);
  }

  @Test
  void leavesNothingBesideAFileThatWasNotWritten() throws Exception {
    Path file = folder.resolve("file");
    try (Target target = Ends.target(pool, file, RESUME)) {
      assertThat(target).isNotNull();
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void refusesToOverwriteAndResume() {
    Path file = folder.resolve("file");
    assertThatThrownBy(() -> Ends.target(pool, file, RESUME, LocalConnector.OVERWRITE))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("cannot be both overwritten and resumed");
  }

  private Resume resumeOf(Path file) throws IOException, InterruptedException {
    try (Target target = Ends.target(pool, file, RESUME);
        Sink sink = Ends.open(target)) {
      return sink.resume();
    }
  }

  private void write(Path file, String text, String place)
      throws IOException, InterruptedException {
    try (Target target = Ends.target(pool, file, RESUME);
        Sink sink = Ends.open(target)) {
      write(sink, text, place);
    }
  }

  private void write(Sink sink, String text, String place)
      throws IOException, InterruptedException {
    Batch bytes = Ends.batch(pool, sink.resume().position(), text.getBytes(StandardCharsets.UTF_8));
    bytes.block().retain();
    Batch batch =
        new Batch(
            Ends.STREAM,
            Encoding.RAW,
            bytes.position(),
            bytes.bytes(),
            bytes.block(),
            Cursor.of(place));
    bytes.close();
    sink.write(batch);
  }
}
