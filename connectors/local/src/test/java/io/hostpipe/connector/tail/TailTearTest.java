package io.hostpipe.connector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A copy that ends inside of a line, at the end of a page, and what is seen look by look in the
 * file that was truncated. Nothing but what is written and how much time passes decides; how often
 * it is looked does not.
 */
final class TailTearTest {
  private static final String FIRST = "one\n";
  private static final String PAGE = "x".repeat(4096);

  /** The beginning of a line, up to the end of the first page. */
  private static final String BEGUN = PAGE.substring(FIRST.length());

  /** More looks than a writer that waits for a processor stays away. */
  private static final int LOOK_COUNT = 100;

  @TempDir private Path folder;
  private TailSteps tail;

  @BeforeEach
  void aCopyThatEndsInsideOfALine() throws Exception {
    tail = new TailSteps(folder, FIRST);
    tail.append(BEGUN);
    tail.rotate();
  }

  @AfterEach
  void everythingIsGivenBack() {
    tail.close();
  }

  @Test
  void aWriterThatWaitsInTheMiddleOfItsWriteIsWaitedFor() throws Exception {
    nothingComesWhileLooking();
    tail.append(PAGE);
    nothingComesWhileLooking();
    tail.append("y\n");
    assertThat(tail.pollOnce()).isEqualTo(BEGUN + "\n");
    assertThat(tail.poll()).isEqualTo(PAGE + "y\n");
    assertThat(tail.warnings).singleElement().asString().contains("its rest is nowhere");
  }

  @Test
  void aReaderThatEndsWithTheFileWaitsForSuchAWriterToo() throws Exception {
    tail.append(PAGE);
    tail.resume("until=end");
    nothingComesWhileLooking();
    tail.append("y\n");
    assertThat(tail.poll()).isEqualTo(BEGUN + "\n" + PAGE + "y\n");
    assertThat(tail.ended()).isTrue();
  }

  @Test
  void aReaderThatEndsWithTheFileDoesNotWaitForAFirstWrite() throws Exception {
    tail.resume("until=end");
    assertThat(tail.pollOnce()).isEqualTo(BEGUN);
    assertThat(tail.ended()).isTrue();
  }

  @Test
  void aWriterOfWholePagesIsKnownByThem() throws Exception {
    for (int count = 1; count < Tear.LENGTHS; count++) {
      tail.append(PAGE);
      nothingComesWhileLooking();
    }
    tail.append(PAGE.substring(2) + "\ny");
    assertThat(tail.pollOnce())
        .isEqualTo(BEGUN + PAGE.repeat(Tear.LENGTHS - 1) + PAGE.substring(2) + "\n");
    assertThat(tail.warnings).isEmpty();
  }

  @Test
  void aPageOfAWriterOfWholePagesMayEndWithALine() throws Exception {
    tail.append(PAGE.substring(1) + "\n");
    nothingComesWhileLooking();
    tail.append(PAGE.repeat(Tear.LENGTHS));
    for (int count = 2; count < Tear.LENGTHS; count++) {
      nothingComesWhileLooking();
      tail.append(PAGE);
    }
    assertThat(tail.pollOnce()).isEqualTo(BEGUN + PAGE.substring(1) + "\n");
    assertThat(tail.warnings).isEmpty();
  }

  @Test
  void aFileThatStaysInsideOfALineGoesOnWithIt() throws Exception {
    tail.append("the rest\nand more");
    nothingComesWhileLooking();
    tail.pass(Duration.ofNanos(Tear.STILL_NANOS));
    assertThat(tail.pollOnce()).isEqualTo(BEGUN + "the rest\n");
    assertThat(tail.warnings).isEmpty();
  }

  @Test
  void aFileThatStaysAtAPageWithTheEndOfALineTornTheOneBefore() throws Exception {
    tail.append(PAGE.substring(1) + "\n");
    nothingComesWhileLooking();
    tail.pass(Duration.ofNanos(Tear.STILL_NANOS));
    assertThat(tail.poll()).isEqualTo(BEGUN + "\n" + PAGE.substring(1) + "\n");
    assertThat(tail.warnings).singleElement().asString().contains("its rest is nowhere");
  }

  @Test
  void aFileThatWasRenamedBeforeAnythingWasWrittenHoldsNothingUp() throws Exception {
    nothingComesWhileLooking();
    tail.moveUp();
    Files.move(tail.log, tail.copyPath(1));
    tail.write(tail.log, "two\n");
    assertThat(tail.poll()).isEqualTo(BEGUN + "\ntwo\n");
  }

  private void nothingComesWhileLooking() throws Exception {
    for (int count = 0; count < LOOK_COUNT; count++) {
      assertThat(tail.pollOnce()).isNull();
      tail.pass(Duration.ofMillis(5));
    }
  }
}
