package io.hostpipe.connector.tail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Cursor;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.testkit.InParallel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A followed file through growth, rotations and restarts, on the real file system. */
final class TailSourceTest {
  private static final String SOON = "rotate-wait=50ms";

  /** Longer than a machine with other work stands still. */
  private static final String LATER = "rotate-wait=4s";

  @TempDir private Path folder;
  @TempDir private Path aside;
  private Path log;

  @BeforeEach
  void aLog() throws IOException {
    log = Files.writeString(folder.resolve("app.log"), "one\ntwo\n");
  }

  @Test
  void readsWhatIsThereAndWhatComesAsWholeLines() throws Exception {
    try (TailReading tail = new TailReading(log)) {
      assertThat(tail.read(8)).isEqualTo("one\ntwo\n");
      append("three\nfo");
      assertThat(tail.read(6)).isEqualTo("three\n");
      assertThat(tail.readAvailable()).isEmpty();
      append("ur\n");
      assertThat(tail.read(5)).isEqualTo("four\n");
    }
  }

  @Test
  void beginsAtTheEndWhenToldToWithTheLineThatIsNotFinished() throws Exception {
    append("thr");
    try (TailReading tail = new TailReading(log, "from=end")) {
      assertThat(tail.readAvailable()).isEmpty();
      append("ee\n");
      assertThat(tail.read(6)).isEqualTo("three\n");
    }
  }

  @Test
  void endsAtTheEndWhenToldTo() throws Exception {
    append("thr");
    try (TailReading tail = new TailReading(log, "until=end")) {
      assertThat(tail.readAll()).isEqualTo("one\ntwo\nthr");
      assertThat(tail.source().finished()).isTrue();
    }
  }

  @Test
  void passesOnAnUnfinishedLineAfterAWhileWhenToldTo() throws Exception {
    append("thr");
    try (TailReading tail = new TailReading(log, "partial-after=30ms")) {
      assertThat(tail.read(11)).isEqualTo("one\ntwo\nthr");
      append("ee\n");
      assertThat(tail.read(3)).isEqualTo("ee\n");
    }
  }

  @Test
  void waitsForAFileThatIsNotThereYet() throws Exception {
    Path later = folder.resolve("later.log");
    try (TailReading tail = new TailReading(later)) {
      assertThat(tail.warnings).singleElement().asString().contains("waiting for it");
      assertThat(tail.readAvailable()).isEmpty();
      Files.writeString(later, "here\n");
      assertThat(tail.read(5)).isEqualTo("here\n");
    }
  }

  @Test
  void finishesARenamedFileWithItsLateLinesBeforeTheNewOne() throws Exception {
    try (TailReading tail = new TailReading(log, LATER);
        FileChannel writer = FileChannel.open(log, StandardOpenOption.APPEND)) {
      assertThat(tail.read(8)).isEqualTo("one\ntwo\n");
      Files.move(log, folder.resolve("app.log.1"));
      Files.writeString(log, "new\n");
      assertThat(tail.readAvailable()).isEmpty();
      writer.write(ByteBuffer.wrap("late\n".getBytes(StandardCharsets.UTF_8)));
      assertThat(tail.read(9)).isEqualTo("late\nnew\n");
      assertThat(tail.warnings).isEmpty();
    }
  }

  @Test
  void saysWhatComesBehindTheWaitAndPassesItOn() throws Exception {
    try (TailReading tail = new TailReading(log, SOON);
        FileChannel writer = FileChannel.open(log, StandardOpenOption.APPEND)) {
      tail.read(8);
      Files.move(log, folder.resolve("app.log.1"));
      Files.writeString(log, "new\n");
      assertThat(tail.read(4)).isEqualTo("new\n");
      writer.write(ByteBuffer.wrap("later\n".getBytes(StandardCharsets.UTF_8)));
      assertThat(tail.read(6)).isEqualTo("later\n");
      assertThat(tail.warnings).singleElement().asString().startsWith("6 bytes were written to");
    }
  }

  @Test
  void endsTheLastLineOfARenamedFileThatNobodyEnds() throws Exception {
    try (TailReading tail = new TailReading(log, SOON)) {
      append("cut");
      Files.move(log, folder.resolve("app.log.1"));
      Files.writeString(log, "new\n");
      assertThat(tail.read(16)).isEqualTo("one\ntwo\ncut\nnew\n");
    }
  }

  @Test
  void readsFilesThatCameAndWentWhileNobodyLooked() throws Exception {
    try (TailReading tail = new TailReading(log, SOON)) {
      assertThat(tail.read(8)).isEqualTo("one\ntwo\n");
      append("three\n");
      rotate("four\n");
      rotate("five\n");
      Files.delete(folder.resolve("app.log.2"));
      assertThat(tail.read(16)).isEqualTo("three\nfour\nfive\n");
    }
  }

  @Test
  void readsARemovedFileToItsEnd() throws Exception {
    try (TailReading tail = new TailReading(log, SOON)) {
      tail.read(8);
      append("last\n");
      Files.delete(log);
      assertThat(tail.read(5)).isEqualTo("last\n");
      Files.writeString(log, "new\n");
      assertThat(tail.read(4)).isEqualTo("new\n");
    }
  }

  @Test
  void followsASymbolicLinkToTheNextFile() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("current"), log);
    try (TailReading tail = new TailReading(link, SOON)) {
      assertThat(tail.read(8)).isEqualTo("one\ntwo\n");
      Path next = Files.writeString(folder.resolve("next.log"), "three\n");
      Path other = Files.createSymbolicLink(folder.resolve("other"), next);
      Files.move(other, link, StandardCopyOption.ATOMIC_MOVE);
      assertThat(tail.read(6)).isEqualTo("three\n");
    }
  }

  @Test
  void readsTheRestOfACopyWhenTheFileIsTruncated() throws Exception {
    try (TailReading tail = new TailReading(log, SOON)) {
      assertThat(tail.read(8)).isEqualTo("one\ntwo\n");
      append("three\nfo");
      copyAndTruncate();
      append("ur\nfive\n");
      assertThat(tail.read(16)).isEqualTo("three\nfour\nfive\n");
      assertThat(tail.warnings).isEmpty();
    }
  }

  @Test
  void noticesATruncationAlsoWhenTheFileIsLongerAgain() throws Exception {
    try (TailReading tail = new TailReading(log, SOON)) {
      assertThat(tail.read(8)).isEqualTo("one\ntwo\n");
      copyAndTruncate();
      append("another one\nand another one\n");
      assertThat(tail.read(28)).isEqualTo("another one\nand another one\n");
      assertThat(tail.warnings).isEmpty();
    }
  }

  @Test
  void twoCopiesAndTruncationsWhileNobodyLookedLoseNothing() throws Exception {
    try (TailReading tail = new TailReading(log, SOON)) {
      assertThat(tail.read(8)).isEqualTo("one\ntwo\n");
      append("three\n");
      copyAndTruncate();
      append("four\n");
      pauseForTimes();
      Files.move(folder.resolve("app.log.1"), folder.resolve("app.log.2"));
      copyAndTruncate();
      append("five\n");
      assertThat(tail.read(16)).isEqualTo("three\nfour\nfive\n");
    }
  }

  @Test
  void aFileThatIsTruncatedWhileItStandsInLineIsReadFromItsCopy() throws Exception {
    try (TailReading tail = new TailReading(log, LATER)) {
      assertThat(tail.read(8)).isEqualTo("one\ntwo\n");
      Files.move(log, folder.resolve("app.log.2"));
      Files.writeString(log, "three\n");
      assertThat(tail.readAvailable()).isEmpty();
      append("four\n");
      copyAndTruncate();
      append("five\n");
      assertThat(tail.read(16)).isEqualTo("three\nfour\nfive\n");
    }
  }

  @Test
  void aTruncationWithoutACopyIsSaidAndTheUnfinishedLineIsKept() throws Exception {
    try (TailReading tail = new TailReading(log)) {
      append("cut");
      assertThat(tail.read(8)).isEqualTo("one\ntwo\n");
      tail.readAvailable();
      truncate();
      append("new\n");
      assertThat(tail.read(8)).isEqualTo("cut\nnew\n");
      assertThat(tail.warnings)
          .singleElement()
          .asString()
          .contains("was truncated after 11 bytes, and there is no copy of it");
    }
  }

  @Test
  void whatWasSeenAndCutOffUnreadIsALossWithItsRange() throws Exception {
    byte[] large = "x".repeat(99).concat("\n").repeat(20_000).getBytes(StandardCharsets.UTF_8);
    Files.write(log, large);
    try (TailReading tail = new TailReading(log)) {
      int readBytes = tail.read(1).length();
      truncate();
      assertThatThrownBy(() -> tail.read(1))
          .isInstanceOf(PipeException.DataLoss.class)
          .hasMessageContaining(
              "bytes " + readBytes + " to 2000000 were written to it and not read")
          .hasMessageContaining("lost=continue");
    }
    Files.write(log, large);
    try (TailReading tail = new TailReading(log, "lost=continue")) {
      tail.read(1);
      truncate();
      append("new\n");
      assertThat(tail.read(4)).isEqualTo("new\n");
      assertThat(tail.warnings).singleElement().asString().endsWith("going on");
    }
  }

  @Test
  void goesOnAtItsCursorInTheSameFile() throws Exception {
    Resume there = readOnce();
    append("three\n");
    try (TailReading tail = new TailReading(log, there, "until=end")) {
      assertThat(tail.readAll()).isEqualTo("three\n");
    }
  }

  @Test
  void goesOnInARenamedFileAndThoseThatCameBehindIt() throws Exception {
    Resume there = readOnce();
    append("three\n");
    rotate("four\n");
    rotate("five\n");
    Files.createSymbolicLink(folder.resolve("app.log.9"), folder.resolve("nowhere"));
    try (TailReading tail = new TailReading(log, there, "until=end")) {
      assertThat(tail.readAll()).isEqualTo("three\nfour\nfive\n");
    }
  }

  @Test
  void goesOnInACopyWhenTheFileWasTruncatedMeanwhile() throws Exception {
    Resume there = readOnce();
    append("three\n");
    copyAndTruncate();
    append("four, which is longer than what was read\n");
    try (TailReading tail = new TailReading(log, there, "until=end")) {
      assertThat(tail.readAll()).isEqualTo("three\nfour, which is longer than what was read\n");
    }
  }

  @Test
  void goesOnBehindACopyThatEndsBeforeItsPlace() throws Exception {
    append("x".repeat(2000) + "\n");
    Files.copy(log, folder.resolve("app.log.1"));
    append("read, and in no copy\n");
    Resume there;
    try (TailReading tail = new TailReading(log)) {
      tail.read(2030);
      there = tail.resume();
    }
    truncate();
    append("new\n");
    try (TailReading tail = new TailReading(log, there, "until=end")) {
      assertThat(tail.readAll()).isEqualTo("new\n");
      assertThat(tail.warnings).isEmpty();
    }
  }

  @Test
  void takesNoOtherFileForItsOwnThatHasItsInode() throws Exception {
    Resume there = readOnce();
    truncate();
    append("a wholly different content\n");
    assertThatThrownBy(() -> new TailReading(log, there))
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("the file that was read up to byte 8");
    try (TailReading tail = new TailReading(log, there, "lost=continue", "until=end")) {
      assertThat(tail.readAll()).isEqualTo("a wholly different content\n");
      assertThat(tail.warnings).hasSize(1);
    }
  }

  @Test
  void leavesAlonePeersAndWhatIsOlderThanItsBeginning() throws Exception {
    Files.writeString(folder.resolve("app.log.1"), "old\n");
    Files.writeString(folder.resolve("app.log.stats"), "other\n");
    Files.writeString(folder.resolve("app2.log"), "other\n");
    try (TailReading tail = new TailReading(log, SOON)) {
      tail.read(8);
      Files.writeString(folder.resolve("app.log.1"), "touched\n", StandardOpenOption.APPEND);
      Files.writeString(folder.resolve("app.log.stats"), "more\n", StandardOpenOption.APPEND);
      Files.move(log, folder.resolve("app.log.2"));
      Files.writeString(log, "new\n");
      assertThat(tail.read(4)).isEqualTo("new\n");
      assertThat(tail.readAvailable()).isEmpty();
    }
  }

  @Test
  void keepsItsPlaceInAStateFileOnceItIsCommitted() throws Exception {
    Path state = folder.resolve("state");
    try (TailReading tail = new TailReading(log, "state=" + state)) {
      tail.read(8);
      append("three\n");
      tail.read(6);
      tail.source().commit(8);
    }
    try (TailReading tail = new TailReading(log, "state=" + state, "until=end")) {
      assertThat(tail.readAll()).isEqualTo("three\n");
      tail.source().commit(6);
    }
    try (TailReading tail = new TailReading(log, "state=" + state, "until=end")) {
      assertThat(tail.readAll()).isEmpty();
    }
    Files.writeString(state, "something else");
    assertThatThrownBy(() -> new TailReading(log, "state=" + state))
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("is no state file of tail, or is damaged");
  }

  @Test
  void saysThatThePlaceCannotBeKeptOnAFullDeviceAndLeavesNothingBehind() throws Exception {
    Path state = folder.resolve("state");
    Path begun = Files.createSymbolicLink(folder.resolve("state.new"), Path.of("/dev/full"));
    try (TailReading tail = new TailReading(log, "state=" + state)) {
      tail.read(8);
      assertThatThrownBy(() -> tail.source().commit(8))
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageStartingWith(
              "the place cannot be kept in " + state + ": No space left on device; what was read");
    }
    assertThat(begun).doesNotExist();
    assertThat(Files.isSymbolicLink(begun)).isFalse();
  }

  @Test
  void aLongLineComesInPieces() throws Exception {
    String line = "y".repeat(3 << 20) + "\n";
    Files.writeString(log, line);
    try (TailReading tail = new TailReading(log, "until=end")) {
      assertThat(tail.readAll()).isEqualTo(line);
    }
  }

  @Test
  void closingWakesAReader() throws Exception {
    try (TailReading tail = new TailReading(log, "from=end", "poll=1h")) {
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      Thread reader =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  tail.source().read();
                } catch (PipeException | InterruptedException e) {
                  thrown.set(e);
                }
              });
      while (reader.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
      tail.source().close();
      assertThat(reader.join(Duration.ofMinutes(2))).isTrue();
      assertThat(thrown.get()).isInstanceOf(PipeException.Closed.class);
    }
  }

  @Test
  void anyOrderOfWritesAndRotationsGivesEveryLineOnce() throws Exception {
    for (long seed = 1; seed <= 12; seed++) {
      Random random = new Random(seed);
      Path one = Files.createDirectory(folder.resolve("seed" + seed));
      log = one.resolve("app.log");
      Files.writeString(log, "begin\n");
      StringBuilder expected = new StringBuilder("begin\n");
      StringBuilder got = new StringBuilder();
      Resume there = Resume.START;
      int number = 0;
      for (int life = 0; life < 4; life++) {
        try (TailReading tail = new TailReading(log, there, "rotate-wait=0")) {
          // A stream begins with its first line; what is rotated before it is none of it.
          got.append(life == 0 ? tail.read(6) : "");
          for (int step = 0; step < 8; step++) {
            String lines = "line " + number++ + " " + "z".repeat(random.nextInt(40)) + "\n";
            append(lines);
            expected.append(lines);
            switch (random.nextInt(5)) {
              case 0 -> rotateIn(one, seed * 1000 + number);
              case 1 -> got.append(tail.readAvailable());
              default -> {}
            }
          }
          there = tail.resume();
        }
      }
      try (TailReading tail = new TailReading(log, there, "until=end")) {
        got.append(tail.readAll());
      }
      assertThat(firstDifference(got.toString(), expected.toString())).as("seed " + seed).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "tail1 1 2 3", "tail1 1 2 3 4 zz 6", "tail2 1 2 3 4 5 6"})
  void refusesACursorOfSomebodyElse(String cursor) {
    assertThatThrownBy(() -> new TailReading(log, new Resume(8, Cursor.of(cursor), null)))
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("was not written by tail");
  }

  @Test
  void refusesAPositionWithoutACursor() {
    assertThatThrownBy(() -> new TailReading(log, new Resume(8, null, null)))
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("has not kept the place");
  }

  @ParameterizedTest
  @CsvSource({
    "from=middle, from is begin or end",
    "until=never, 'until is end, not'",
    "poll=0, poll is a duration from 10ms",
    "lost=x, lost is fail or continue",
  })
  void refusesOptionsThatItDoesNotKnow(String option, String why) {
    assertThatThrownBy(() -> new TailReading(log, option))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @CsvSource({
    "app.log, app.log, true",
    "app.log.1, app.log, true",
    "app.log-20261128, app.log, true",
    "app.log.2026-11-28_10, app.log, true",
    "app.log.old, app.log, true",
    "app.log~, app.log, true",
    "app-20261128.log, app.log, true",
    "app.1.log, app.log, true",
    "app.log.1.gz, app.log, false",
    "app.log.stats, app.log, false",
    "app.log.hostpipe, app.log, false",
    "app-web.log, app.log, false",
    "app.log2.log, app.log, false",
    "worker-2.log, worker-1.log, false",
    "worker-1.log.1, worker-1.log, true",
    "app, app.log, false",
  })
  void knowsTheNamesThatRotationsGive(String name, String of, boolean relative) {
    assertThat(Family.isRelative(name, of)).isEqualTo(relative);
  }

  private static String firstDifference(String got, String expected) {
    List<String> left = got.lines().toList();
    List<String> right = expected.lines().toList();
    for (int index = 0; index < Math.max(left.size(), right.size()); index++) {
      String one = index < left.size() ? left.get(index) : "nothing";
      String other = index < right.size() ? right.get(index) : "nothing";
      if (!one.equals(other)) {
        return "line " + index + ": got " + one + ", not " + other;
      }
    }
    return "";
  }

  private Resume readOnce() throws Exception {
    try (TailReading tail = new TailReading(log)) {
      assertThat(tail.read(8)).isEqualTo("one\ntwo\n");
      return tail.resume();
    }
  }

  private void append(String text) throws IOException {
    Files.writeString(log, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private void truncate() throws IOException {
    Files.writeString(log, "", StandardOpenOption.TRUNCATE_EXISTING);
  }

  private void copyAndTruncate() throws IOException {
    Files.copy(log, folder.resolve("app.log.1"), StandardCopyOption.REPLACE_EXISTING);
    truncate();
  }

  /** As logrotate does: the old ones move up, and a new file has the name. */
  private void rotate(String content) throws IOException {
    Path second = folder.resolve("app.log.2");
    Path first = folder.resolve("app.log.1");
    if (Files.exists(first)) {
      Files.move(first, second, StandardCopyOption.REPLACE_EXISTING);
    }
    Files.move(log, first);
    pauseForTimes();
    Files.writeString(log, content);
  }

  private void rotateIn(Path one, long number) throws IOException {
    Path old = one.resolve("app.log." + number);
    if (number % 2 == 0) {
      Files.move(log, old);
      pauseForTimes();
      Files.createFile(log);
    } else {
      pauseForTimes();
      Files.copy(log, old);
      truncate();
      pauseForTimes();
    }
  }

  /** File times are as coarse as the kernel's clock tick; rotations are further apart than that. */
  private void pauseForTimes() {
    FileTime before = timeOfAWrite();
    InParallel.await(() -> timeOfAWrite().compareTo(before) > 0);
  }

  /** What the system gives now. */
  private FileTime timeOfAWrite() {
    try {
      return Files.getLastModifiedTime(Files.write(aside.resolve("any"), new byte[1]));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
