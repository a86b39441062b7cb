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
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.KeptFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that remembers, for the next process, what it has of its stream. */
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
    writeTwice(file);
    byte[] zeros = new byte[3];
    try (var out = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
      out.position(3).write(ByteBuffer.wrap(zeros));
    }
    List<String> warnings = new ArrayList<>();
    PipeContext context =
        Ends.raw(pool)
            .withEvents(
                new PipeEvents() {
                  @Override
                  public void warning(String text) {
                    warnings.add(text);
                  }
                });
    try (Target target = new LocalConnector().target(Ends.file(file, RESUME), context);
        Sink sink = Ends.open(target)) {
      assertThat(sink.resume().cursor()).isEqualTo(Cursor.of("place 3"));
    }
    assertThat(warnings)
        .singleElement()
        .asString()
        .contains("does not have the newest bytes that were kept of it, from 3 to 6");
    assertThat(file).hasContent("abc");
  }

  @Test
  void fallsBackToTheOlderPlaceWhenTheNewerIsTorn() throws Exception {
    Path file = folder.resolve("file");
    writeTwice(file);
    Path beside = KeptFile.beside(file);
    byte[] slots = Files.readAllBytes(beside);
    // The first half has the start, "place 3" and "place 6" at multiples of 512.
    slots[4096 + 2 * 512 + 20] ^= 1;
    Files.write(beside, slots);
    assertThat(resumeOf(file).position()).isEqualTo(3);
  }

  @Test
  void saysAtOnceWhenWhatWasKeptIsNotThere() throws Exception {
    Path file = folder.resolve("file");
    writeTwice(file);
    Files.writeString(file, "a", StandardOpenOption.TRUNCATE_EXISTING);
    assertThatThrownBy(() -> Ends.target(pool, file, RESUME))
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("it should have 6 bytes and has 1");
    assertThatThrownBy(() -> Ends.target(pool, file, RESUME, LocalConnector.APPEND))
        .isInstanceOf(PipeException.DataLoss.class);
    try (Target target = Ends.target(pool, file, RESUME, LocalConnector.OVERWRITE)) {
      assertThatThrownBy(() -> target.held(Ends.STREAM)).isInstanceOf(PipeException.DataLoss.class);
      assertThatThrownBy(() -> Ends.open(target)).isInstanceOf(PipeException.DataLoss.class);
      assertThat(file).hasContent("a");
      Sink sink = target.open(new StreamId("other"), Encoding.RAW);
      assertThat(sink.resume()).isEqualTo(Resume.START);
      assertThat(file).isEmptyFile();
      sink.close();
    }
  }

  @Test
  void saysWhenBothOfTheNewestRangesAreOtherBytes() throws Exception {
    Path file = folder.resolve("file");
    writeTwice(file);
    Files.writeString(file, "XYZXYZ", StandardOpenOption.TRUNCATE_EXISTING);
    assertThatThrownBy(() -> Ends.target(pool, file, RESUME))
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("its bytes from 3 to 6 are other ones");
  }

  @Test
  void saysWhenSomebodyElseWroteMoreBehindThanCanBeOurs() throws Exception {
    Path file = folder.resolve("file");
    writeTwice(file);
    try (var out = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
      out.position(200L << 20).write(ByteBuffer.wrap(new byte[1]));
    }
    assertThatThrownBy(() -> Ends.target(pool, file, RESUME))
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("somebody else wrote to it");
  }

  @Test
  void aFileThatWasReplacedIsAnotherOne() throws Exception {
    Path file = folder.resolve("file");
    writeTwice(file);
    Path copy = Files.copy(file, folder.resolve("copy"));
    Files.move(copy, file, StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> Ends.target(pool, file, RESUME))
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("has 6 bytes already that this pipe did not write");
  }

  @Test
  void contentWithoutSlotsIsRefusedUnlessToldWhatToDoWithIt() throws Exception {
    Path file = folder.resolve("file");
    writeTwice(file);
    Files.delete(KeptFile.beside(file));
    assertThatThrownBy(() -> Ends.target(pool, file, RESUME))
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("add the word 'append' or 'overwrite'");
    assertThat(file).hasContent("abcdef");
    try (Target target = Ends.target(pool, file, RESUME, LocalConnector.OVERWRITE);
        Sink sink = Ends.open(target)) {
      assertThat(sink.resume()).isEqualTo(Resume.START);
      write(sink, "new", "place 3");
    }
    assertThat(file).hasContent("new");
  }

  @Test
  void slotsThatAreDamagedAreAsIfThereWereNone() throws Exception {
    Path file = folder.resolve("file");
    writeTwice(file);
    Files.write(KeptFile.beside(file), Ends.random(12_288, 1));
    assertThatThrownBy(() -> Ends.target(pool, file, RESUME))
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("did not write");
    try (Target target = Ends.target(pool, file, RESUME, LocalConnector.APPEND);
        Sink sink = Ends.open(target)) {
      write(sink, "new", "place 3");
    }
    assertThat(resumeOf(file).position()).isEqualTo(3);
    assertThat(file).hasContent("abcdefnew");
  }

  @Test
  void anotherStreamGoesBehindOneThatHasEndedWhenToldTo() throws Exception {
    Path file = folder.resolve("file");
    write(file, "abc", "place 3");
    StreamId other = new StreamId("other");
    try (Target target = Ends.target(pool, file, RESUME, LocalConnector.APPEND)) {
      assertThatThrownBy(() -> target.open(other, Encoding.RAW))
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("holds the stream stream, which has not ended, so other cannot go");
      Sink sink = Ends.open(target);
      sink.finish();
      sink.close();
    }
    try (Target target = Ends.target(pool, file, RESUME)) {
      assertThatThrownBy(() -> target.open(other, Encoding.RAW))
          .hasMessageContaining("or add the word 'append'");
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
    try (Target target = Ends.target(pool, file, RESUME);
        Sink sink = Ends.open(target)) {
      // It gets the same end again, and nothing may follow it.
      assertThat(sink.resume().position()).isEqualTo(3);
      sink.finish();
      assertThatThrownBy(() -> write(target.open(other, Encoding.RAW), "z", "place 3"))
          .hasMessageContaining("one at a time");
    }
    assertThat(file).hasContent("abcxy");
  }

  @Test
  void aStreamThatHasEndedGetsTheSameEndAgain() throws Exception {
    Path file = folder.resolve("file");
    Resume end;
    try (Target target = Ends.target(pool, file, RESUME);
        Sink sink = Ends.open(target)) {
      write(sink, "abc", "place 3");
      sink.finish();
      end = sink.resume();
    }
    try (Target target = Ends.target(pool, file, RESUME)) {
      assertThat(target.held(Ends.STREAM)).isEqualTo(end);
      assertThat(target.heldStreams()).containsExactly(Ends.STREAM);
      Sink sink = Ends.open(target);
      assertThat(sink.resume()).isEqualTo(end);
      sink.finish();
      sink.close();
    }
    assertThat(file).hasContent("abc");
  }

  @Test
  void anOverwritingPipeGoesOnInWhatItsOwnStreamHas() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "theirs");
    String[] words = {RESUME, LocalConnector.OVERWRITE};
    for (String each : List.of("ab", "cd")) {
      try (Target target = Ends.target(pool, file, words);
          Sink sink = Ends.open(target)) {
        write(sink, each, "place");
      }
    }
    assertThat(file).hasContent("abcd");
    try (Target target = Ends.target(pool, file, words);
        Sink sink = target.open(new StreamId("other"), Encoding.RAW)) {
      write(sink, "new", "place");
    }
    assertThat(file).hasContent("new");
  }

  @Test
  void theEpochIsKeptAndALowerOneRefused() throws Exception {
    Path file = folder.resolve("file");
    try (Target target = Ends.target(pool, file, RESUME);
        Sink sink = Ends.open(target)) {
      sink.fence(3);
      write(sink, "abc", "place 3");
    }
    try (Target target = Ends.target(pool, file, RESUME);
        Sink sink = Ends.open(target)) {
      assertThat(sink.resume().epoch()).isEqualTo(3);
      assertThatThrownBy(() -> sink.fence(2))
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("this one is of epoch 2 and was replaced by one of epoch 3");
      sink.fence(3);
    }
  }

  @Test
  void manyStreamsLieBetweenEachOtherAndEachGoesOnAtItsOwnPlace() throws Exception {
    Path file = folder.resolve("file");
    PipeContext context = Ends.raw(pool).forManyStreams();
    StreamId other = new StreamId("other");
    for (int round = 1; round <= 3; round++) {
      try (Target target = new LocalConnector().target(Ends.file(file, RESUME), context)) {
        assertThat(target.manyAtOnce() && target.mixes()).isTrue();
        Sink one = Ends.open(target);
        Sink two = target.open(other, Encoding.RAW);
        assertThatThrownBy(() -> Ends.open(target)).hasMessageContaining("one at a time");
        write(one, "a" + round, "place");
        write(two, "-b" + round + "-", "place");
        assertThat(one.resume().position()).isEqualTo(2L * round);
        two.finish();
      }
    }
    assertThat(file).hasContent("a1-b1-a2-b2-a3-b3-");
    try (Target target = new LocalConnector().target(Ends.file(file, RESUME), context)) {
      assertThat(target.heldStreams()).containsExactlyInAnyOrder(Ends.STREAM, other);
      assertThat(target.held(other))
          .isEqualTo(new Resume(12, Cursor.of("place"), Digest.of(bytes("-b1--b2--b3-"))));
    }
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

  private Resume resumeOf(Path file) throws IOException, InterruptedException {
    try (Target target = Ends.target(pool, file, RESUME);
        Sink sink = Ends.open(target)) {
      return sink.resume();
    }
  }

  private void writeTwice(Path file) throws IOException, InterruptedException {
    try (Target target = Ends.target(pool, file, RESUME);
        Sink sink = Ends.open(target)) {
      write(sink, "abc", "place 3");
      var _ = sink.awaitCommitted(3);
      write(sink, "def", "place 6");
      var _ = sink.awaitCommitted(6);
    }
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
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
