package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FolderTargetTest {
  @TempDir private Path folder;

  private final BlockPool pool = new BlockPool(1 << 20);

  @Test
  void aFileHasItsNameOnlyWhenItsStreamIsWhole() throws Exception {
    try (Target target = target()) {
      assertThat(target.manyAtOnce()).isTrue();
      Sink one = open(target, "one");
      Sink two = open(target, "two");
      write(one, "first");
      write(two, "second");
      assertThat(names()).containsExactlyInAnyOrder("one.part", "two.part");
      one.finish();
      assertThat(names()).containsExactlyInAnyOrder("one", "two.part");
      one.close();
      two.close();
    }
    assertThat(folder.resolve("one")).hasContent("first");
    assertThat(folder.resolve("two.part")).hasContent("second");
  }

  @Test
  void anEmptyStreamIsAnEmptyFileWhenItEndedAndNoneWhenItDidNot() throws Exception {
    try (Target target = target()) {
      Sink whole = open(target, "whole");
      whole.finish();
      whole.close();
      open(target, "none").close();
    }
    assertThat(names()).containsExactly("whole");
  }

  @Test
  void aNameThatIsTakenIsRefusedUnlessItMayBeOverwritten() throws Exception {
    Files.writeString(folder.resolve("one"), "old");
    try (Target target = target()) {
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> open(target, "one"))
          .withMessageContaining("is there already; move it away");
      Sink two = open(target, "two");
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> open(target, "two"))
          .withMessageContaining("is being written already");
      write(two, "new");
      Files.writeString(folder.resolve("two"), "came meanwhile");
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(two::finish)
          .satisfies(e -> assertThat(e.status()).isEqualTo(Status.ALREADY_EXISTS))
          .withMessageContaining("the stream is whole in ");
    }
    assertThat(folder.resolve("one")).hasContent("old");
    assertThat(folder.resolve("two")).hasContent("came meanwhile");
    try (Target target = target("overwrite")) {
      Sink one = open(target, "one");
      write(one, "new");
      assertThat(folder.resolve("one")).hasContent("old");
      one.finish();
    }
    assertThat(folder.resolve("one")).hasContent("new");
  }

  @Test
  void whatAnEarlierStreamLeftIsNoPartOfTheNext() throws Exception {
    Files.writeString(folder.resolve("one.part"), "left by somebody who was killed");
    try (Target target = target()) {
      Sink one = open(target, "one");
      write(one, "new");
      one.finish();
    }
    assertThat(folder.resolve("one")).hasContent("new");
  }

  @Test
  void theFolderHasToBeThereAndTakesNoAppend() {
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> target("append"))
        .withMessageContaining("leave 'append' out");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> FolderTarget.open(folder.resolve("none"), Ends.raw(pool), false, false))
        .withMessageContaining("make it first");
  }

  @ParameterizedTest
  @CsvSource({
    "../../etc/passwd, %2E.%2F..%2Fetc%2Fpasswd",
    "., %2E",
    ".., %2E.",
    "/etc/passwd, %2Fetc%2Fpasswd",
    "plain-Name_1.log, plain-Name_1.log",
    "file:/var/log/x, x~d89fc40521",
    "file:/var/log/app.log, app~2e416c243a.log",
    "tail:/var/log/app.log, app~945fdd1e1e.log",
    "file:/var/log/.., %2E~cd02819b16.",
    "file:/a b/.c d, %2Ec%20d~b27b13da21",
    "file:/, file%3A%2F",
    "中, %E4%B8%AD",
    "50%25, 50%2525",
  })
  void noNameLeadsOutOfTheFolder(String stream, String name) {
    assertThat(FolderTarget.nameOf(new StreamId(stream))).isEqualTo(name);
  }

  @Test
  void longNamesFitAndStayApart() {
    String long1 = FolderTarget.nameOf(new StreamId("/".repeat(199) + "1"));
    String long2 = FolderTarget.nameOf(new StreamId("/".repeat(199) + "2"));
    assertThat(long1).isNotEqualTo(long2);
    assertThat(long1.length() + FolderTarget.PART.length()).isLessThan(255);
    assertThat(FolderTarget.nameOf(new StreamId("x.part")))
        .as("not to be taken for the part of x")
        .startsWith("x.part%~");
  }

  private Target target(String... words) throws PipeException {
    String path = folder + "/";
    Address address = Address.parse(path);
    for (String word : words) {
      address = address.withOption(word, "true");
    }
    return new LocalConnector().target(address, Ends.raw(pool));
  }

  private static Sink open(Target target, String stream)
      throws PipeException, InterruptedException {
    return target.open(new StreamId(stream), Encoding.RAW);
  }

  private static void write(Sink sink, String text) throws PipeException, InterruptedException {
    Ends.write(sink, text.getBytes(StandardCharsets.UTF_8));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(each -> each.getFileName().toString()).toList();
    }
  }
}
