package io.hostpipe.connector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Resume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lines that a copy cuts in the middle: those that go on, and those whose rest is nowhere. */
final class TailTornLineTest {
  private static final int PAGE_BYTES = 4096;
  private static final String SOON = "rotate-wait=50ms";

  @TempDir private Path folder;
  private Path log;

  @BeforeEach
  void aLog() throws IOException {
    log = Files.writeString(folder.resolve("app.log"), "one\ntwo\n");
  }

  @Test
  void endsALineWhoseRestWasCutOffBetweenTheCopyAndTheTruncation() throws Exception {
    try (TailReading tail = new TailReading(log, SOON)) {
      assertThat(tail.read(8)).isEqualTo("one\ntwo\n");
      String begun = "x".repeat(PAGE_BYTES - 8);
      append(begun);
      copyAndTruncate();
      append("four\nfive\n");
      assertThat(tail.read(PAGE_BYTES - 8 + 11)).isEqualTo(begun + "\nfour\nfive\n");
      assertThat(tail.warnings).singleElement().asString().contains("inside of a line");
    }
  }

  @Test
  void endsSuchALineAlsoWhenMoreOfItWasReadThanCopied() throws Exception {
    String first = "y".repeat(1999) + "\n";
    String second = "z".repeat(PAGE_BYTES - 8 - 2000);
    try (TailReading tail = new TailReading(log, SOON)) {
      append(first);
      assertThat(tail.read(2008)).isEqualTo("one\ntwo\n" + first);
      Files.copy(log, folder.resolve("app.log.1"));
      append("in no copy\n");
      assertThat(tail.read(11)).isEqualTo("in no copy\n");
      append(second.substring(11));
      assertThat(tail.readAvailable()).isEmpty();
      truncate();
      append("four\n");
      assertThat(tail.read(second.length() - 11 + 6)).isEqualTo(second.substring(11) + "\nfour\n");
    }
  }

  @Test
  void joinsALineThatAWriterOfWholePagesHasCut() throws Exception {
    Resume there = readOnce();
    String begun = "x".repeat(PAGE_BYTES - 8);
    append(begun);
    copyAndTruncate();
    append("rest\n" + "y".repeat(PAGE_BYTES - 5));
    try (TailReading tail = new TailReading(log, there, SOON)) {
      assertThat(tail.read(PAGE_BYTES - 8 + 5)).isEqualTo(begun + "rest\n");
      assertThat(tail.warnings).isEmpty();
    }
  }

  @Test
  void joinsACutLineAlsoWhenItBeganInsideOfTheCopy() throws Exception {
    Resume there = readOnce();
    append("three\nfour\nfi");
    copyAndTruncate();
    Resume inCopy;
    try (TailReading tail = new TailReading(log, there, SOON)) {
      assertThat(tail.read(11)).isEqualTo("three\nfour\n");
      inCopy = tail.resume();
    }
    append("ve\n");
    try (TailReading tail = new TailReading(log, inCopy, SOON)) {
      assertThat(tail.read(5)).isEqualTo("five\n");
    }
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
}
