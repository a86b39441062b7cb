package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Address;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder that remembers, for the next process, what its files have of their streams. */
final class FolderResumeTest {
  private static final StreamId ONE = new StreamId("one");
  private static final StreamId TWO = new StreamId("two");

  private final BlockPool pool = new BlockPool(1 << 20);
  @TempDir private Path folder;

  @Test
  void eachStreamGoesOnInItsPartAndIsWholeAtItsEnd() throws Exception {
    try (Target target = target();
        Sink one = target.open(ONE, Encoding.RAW);
        Sink two = target.open(TWO, Encoding.RAW)) {
      write(one, "abc");
      write(two, "xy");
      two.finish();
      assertThat(Objects.requireNonNull(target.held(TWO)).position()).isEqualTo(2);
    }
    assertThat(folder.resolve("one.part")).hasContent("abc");
    assertThat(folder.resolve("two")).hasContent("xy");
    try (Target target = target()) {
      assertThat(target.heldStreams()).containsExactlyInAnyOrder(ONE, TWO);
      assertThat(Objects.requireNonNull(target.held(ONE)).position()).isEqualTo(3);
      assertThat(target.held(new StreamId("three"))).isNull();
      Sink one = target.open(ONE, Encoding.RAW);
      assertThat(one.resume().position()).isEqualTo(3);
      write(one, "def");
      one.finish();
      one.close();
    }
    assertThat(folder.resolve("one")).hasContent("abcdef");
    assertThat(folder.resolve("one.part")).doesNotExist();
  }

  @Test
  void aStreamThatWasWholeGetsTheSameEndAgain() throws Exception {
    Resume end;
    try (Target target = target();
        Sink one = target.open(ONE, Encoding.RAW)) {
      write(one, "abc");
      one.finish();
      end = one.resume();
    }
    try (Target target = target();
        Sink one = target.open(ONE, Encoding.RAW)) {
      assertThat(target.held(ONE)).isEqualTo(end);
      assertThat(one.resume()).isEqualTo(end);
      one.finish();
    }
    assertThat(folder.resolve("one")).hasContent("abc");
  }

  @Test
  void whoWasKilledBetweenTheEndAndTheNameGivesTheNameLater() throws Exception {
    try (Target target = target();
        Sink one = target.open(ONE, Encoding.RAW)) {
      write(one, "abc");
      one.finish();
    }
    Files.move(folder.resolve("one"), folder.resolve("one.part"));
    try (Target target = target();
        Sink one = target.open(ONE, Encoding.RAW)) {
      assertThat(one.resume().position()).isEqualTo(3);
      one.finish();
    }
    assertThat(folder.resolve("one")).hasContent("abc");
  }

  @Test
  void aFileThatWasTakenAwayIsForgottenAndOneOfSomebodyElseRefused() throws Exception {
    try (Target target = target();
        Sink one = target.open(ONE, Encoding.RAW)) {
      write(one, "abc");
      one.finish();
    }
    Files.delete(folder.resolve("one"));
    try (Target target = target()) {
      assertThat(target.heldStreams()).isEmpty();
      Sink one = target.open(ONE, Encoding.RAW);
      assertThat(one.resume()).isEqualTo(Resume.START);
      one.close();
      Files.writeString(folder.resolve("one"), "theirs");
      assertThatThrownBy(() -> target.open(ONE, Encoding.RAW))
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("is there already");
    }
  }

  @Test
  void whatItCommitsIsLasting() throws Exception {
    assertThat(new LocalConnector().capabilities(address()).durable()).isTrue();
  }

  private Address address() throws PipeException {
    return Address.parse(folder + "/").withOption(LocalConnector.RESUME, "true");
  }

  private Target target() throws PipeException {
    return new LocalConnector().target(address(), Ends.raw(pool));
  }

  private static void write(Sink sink, String text) throws PipeException, InterruptedException {
    Ends.write(sink, text.getBytes(StandardCharsets.UTF_8));
  }
}
