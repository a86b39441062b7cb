package io.hostpipe.connector.tail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.PipeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The steps of a reader and those of a rotation in every order that matters: what happens between
 * two looks, and between a look at the folder and the opening of what it showed. Times of files are
 * set, and the reader's clock is the test's.
 */
final class TailStepsTest {
  @TempDir private Path folder;
  private TailSteps tail;

  @BeforeEach
  void aReaderOfOneLine() throws Exception {
    tail = new TailSteps(folder, "one\n");
  }

  @AfterEach
  void everythingIsGivenBack() {
    tail.close();
  }

  @Test
  void aCopyWhoseTruncationHasNotComeIsNotReadBesideItsFile() throws Exception {
    tail.rotate();
    tail.poll();
    tail.append("two\n");
    tail.moveUp();
    tail.copy();
    reads("two\n");
    tail.append("three\n");
    reads("three\n");
    tail.truncate();
    tail.append("four\n");
    reads("four\n");
  }

  @Test
  void aCopyThatIsBeingWrittenIsNotReadBesideItsFile() throws Exception {
    tail.rotate();
    tail.poll();
    tail.append("two\nthree\n");
    tail.moveUp();
    tail.write(tail.copyPath(1), "tw");
    reads("two\nthree\n");
    tail.append("four\n");
    tail.copy();
    tail.truncate();
    tail.append("five\n");
    reads("four\nfive\n");
  }

  @Test
  void aCopyThatIsRenamedBetweenTheLookAndItsOpeningIsFound() throws Exception {
    tail.appendWithRotations("two\n", "three\n");
    tail.behindLooks.add(tail::moveUp);
    reads("two\nthree\n");
    tail.copy();
    tail.truncate();
    tail.append("four\n");
    reads("four\n");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void copiesThatAreRenamedBetweenTheLookAndTheirOpeningComeInOrder(boolean anew) throws Exception {
    tail.appendWithRotations("two\n", "three\n", "four\n", "five\n");
    tail.behindLooks.add(tail::moveUp);
    tail.behindLooks.add(tail::moveUp);
    tail.behindLooks.add(tail::moveUp);
    if (anew) {
      tail.resume();
    }
    reads("two\nthree\nfour\nfive\n");
  }

  @Test
  void aRotationBetweenTheLookForCopiesAndTheReadingLosesNothing() throws Exception {
    tail.rotate();
    tail.poll();
    tail.append("two\n");
    tail.behindLooks.add(() -> {
      tail.rotate();
      tail.append("three\n");
    });
    reads("two\nthree\n");
    tail.rotate();
    tail.append("four\n");
    reads("four\n");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRotationWhileACopyIsReadIsReadBehindIt(boolean anew) throws Exception {
    tail.appendWithRotations("two\n", "three\n");
    tail.behindLooks.add(() -> {
      tail.rotate();
      tail.append("four\n");
    });
    if (anew) {
      tail.resume();
    }
    reads("two\nthree\nfour\n");
  }

  @Test
  void aCopyThatIsShorterThanTheKnownFrontIsNotReadAgain() throws Exception {
    tail.moveUp();
    tail.copy();
    tail.append("two\n");
    reads("two\n");
    tail.truncate();
    tail.append("three\n");
    reads("three\n");
  }

  @Test
  void theBeginningOfALineThatCameBehindTheCopyIsKept() throws Exception {
    tail.moveUp();
    tail.copy();
    tail.append("tw");
    assertThat(tail.poll()).isEmpty();
    tail.truncate();
    tail.append("o\nthree\n");
    reads("two\nthree\n");
  }

  @Test
  void aCopyThatIsWrittenOverEachTimeIsReadEachTime() throws Exception {
    tail.copy();
    tail.truncate();
    tail.poll();
    tail.append("two\n");
    tail.copy();
    tail.truncate();
    tail.append("three\n");
    reads("two\nthree\n");
  }

  @Test
  void goesOnInTheFileWhoseCopyWasMadeAndWhoseTruncationHasNotCome() throws Exception {
    tail.append("two\n");
    tail.moveUp();
    tail.copy();
    tail.resume();
    reads("two\n");
    tail.append("three\n");
    tail.truncate();
    tail.append("four\n");
    reads("four\n");
  }

  @Test
  void goesOnInACopyWhileTheNextOneIsMade() throws Exception {
    tail.appendWithRotations("two\n", "three\n");
    tail.moveUp();
    tail.copy();
    tail.resume();
    reads("two\nthree\n");
    tail.append("four\n");
    reads("four\n");
    tail.truncate();
    tail.append("five\n");
    reads("five\n");
  }

  @Test
  void whatWasCopiedAndCutOffBehindTheStartComesBeforeTheEnd() throws Exception {
    tail.appendWithRotations("two\n", "three\n");
    tail.resume("until=end");
    tail.rotate();
    reads("two\nthree\n");
    assertThat(tail.ended()).isTrue();
  }

  @Test
  void aNewFileThatIsRenamedBetweenTheLookAndItsOpeningIsRead() throws Exception {
    tail.moveUp();
    tail.renew("two\n");
    tail.behindLooks.add(() -> {
      tail.moveUp();
      tail.renew("three\n");
    });
    reads("two\nthree\n");
  }

  @Test
  void aFirstFileThatCameAndWasRenamedBetweenTwoLooksIsRead() throws Exception {
    Files.delete(tail.log);
    tail.begin();
    assertThat(tail.poll()).isEmpty();
    tail.write(tail.log, "two\n");
    tail.renew("three\n");
    reads("two\nthree\n");
  }

  @Test
  void aRenamedFileThatIsStillWrittenIsReadOnce() throws Exception {
    Path first = tail.copyPath(1);
    tail.readsALineNow();
    tail.renew("two\n");
    assertThat(tail.pollOnce()).isNull();
    Files.writeString(first, "late\n", StandardOpenOption.APPEND);
    tail.stamp(first);
    tail.moveUp();
    tail.renew("three\n");
    reads("late\ntwo\nthree\n");
  }

  @Test
  void whoIsLateIsHeardAlsoBehindASecondRotation() throws Exception {
    tail.renew("two\n");
    reads("two\n");
    tail.moveUp();
    tail.renew("three\n");
    reads("three\n");
    Files.writeString(tail.copyPath(2), "late\n", StandardOpenOption.APPEND);
    Files.writeString(tail.copyPath(1), "later\n", StandardOpenOption.APPEND);
    assertThat(tail.poll().lines()).containsExactlyInAnyOrder("late", "later");
    assertThat(tail.warnings).hasSize(2).allMatch(text -> text.contains("they come late"));
  }

  @Test
  void copiesOfAFileInLineComeInOrderThoughOnlyTheSecondWasSeen() throws Exception {
    tail.readsALineNow();
    tail.renew("");
    assertThat(tail.pollOnce()).isNull();
    tail.appendWithRotations("two\n", "three\n");
    assertThat(tail.pollOnce()).isNull();
    tail.rotate();
    tail.append("four\n");
    reads("two\nthree\nfour\n");
  }

  @Test
  void aFileThatIsLongerAgainBehindATruncationLacksNothing() throws Exception {
    tail.truncate();
    tail.append("longer than it was\n");
    assertThat(tail.poll()).isEqualTo("longer than it was\n");
    assertThat(tail.warnings)
        .singleElement()
        .asString()
        .contains("all that was seen of it was read");
  }

  @Test
  void readsMoreFilesBehindItsPlaceThanItOpensAtATime() throws Exception {
    StringBuilder expected = new StringBuilder();
    for (int number = 1; number <= Rotation.AHEAD_MAX + 10; number++) {
      Files.move(tail.log, tail.copyPath(number));
      String text = number % 2 == 0 ? "" : "line " + number + "\n";
      tail.write(tail.log, text);
      expected.append(text);
    }
    tail.resume("until=end");
    reads(expected.toString());
    assertThat(tail.ended()).isTrue();
  }

  @Test
  void aLineThatWasCutOffIsNoPlaceBehindWhichACopyIsForgotten() throws Exception {
    tail.append("cut");
    tail.poll();
    tail.truncate();
    tail.poll();
    tail.appendWithRotations("two\n", "three\n");
    assertThatThrownBy(tail::resume).isInstanceOf(PipeException.DataLoss.class);
  }

  @Test
  void saysThatTheOrderOfTwoCopiesOfTheSameTimeIsNotKnown() throws Exception {
    tail.rotate();
    tail.poll();
    tail.appendWithRotations("two\n", "three\n");
    tail.rotate();
    Files.setLastModifiedTime(tail.copyPath(1), Files.getLastModifiedTime(tail.copyPath(2)));
    tail.append("four\n");
    assertThatThrownBy(tail::poll)
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("were last written at the same time")
        .hasMessageContaining("lost=continue");
  }

  @Test
  void saysThatACopyCameUpWhichIsOlderThanOneThatWasRead() throws Exception {
    tail.appendWithRotations("two\n", "three\n");
    reads("two\nthree\n");
    tail.rotate();
    tail.poll();
    Files.writeString(folder.resolve("app.log.9"), "foreign\n");
    Files.setLastModifiedTime(
        folder.resolve("app.log.9"), Files.getLastModifiedTime(tail.copyPath(2)));
    tail.append("four\n");
    assertThatThrownBy(tail::poll)
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("app.log.9")
        .hasMessageContaining("came up behind");
  }

  @Test
  void goesOnBehindACopyThatIsOlderWhenToldTo() throws Exception {
    tail.begin("lost=continue");
    tail.poll();
    tail.rotate();
    tail.poll();
    tail.appendWithRotations("two\n", "three\n");
    tail.rotate();
    Files.setLastModifiedTime(tail.copyPath(1), Files.getLastModifiedTime(tail.copyPath(2)));
    tail.append("four\n");
    assertThat(tail.poll().lines())
        .containsExactlyInAnyOrder("two", "three", "four")
        .endsWith("four");
    assertThat(tail.warnings).singleElement().asString().contains("at the same time");
  }

  @Test
  void anOldCopyThatWasReadAndComesBackIsNotReadAgain() throws Exception {
    tail.appendWithRotations("two\n", "three\n");
    tail.rotate();
    reads("two\nthree\n");
    Path back = folder.resolve("app.log.old");
    Files.copy(tail.copyPath(2), back, StandardCopyOption.COPY_ATTRIBUTES);
    tail.append("four\n");
    reads("four\n");
  }

  /** These lines and no more, with nothing said about them. */
  private void reads(String lines) throws IOException {
    assertThat(tail.poll()).isEqualTo(lines);
    assertThat(tail.warnings).isEmpty();
  }
}
