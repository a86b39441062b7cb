package io.hostpipe.runtime.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Batch;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.spi.BlockPool;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rates and batches, in virtual time. */
final class FlowTest {
  private static final long MILLI = 1_000_000;

  private final BlockPool pool = new BlockPool(1 << 20);
  private final VirtualWaiting time = new VirtualWaiting();

  @AfterEach
  void nothingLeaks() {
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void bytesComeAtTheirRateInSmallParts() throws Exception {
    ScriptedSource script = raw().at(0, "x".repeat(10_000));
    try (Source source = new PacedSource(script, new Rate(1_000, false), time)) {
      long begun = time.nowNanos();
      int parts = 0;
      long bytes = 0;
      for (Batch batch = source.read(); batch != null; batch = source.read()) {
        assertThat(batch.position()).isEqualTo(bytes);
        assertThat(batch.lengthBytes()).isLessThanOrEqualTo(20);
        bytes = batch.endPosition();
        parts++;
        batch.close();
        // Never more than the rate and one burst.
        assertThat(bytes).isLessThanOrEqualTo((time.nowNanos() - begun) / MILLI + 40);
      }
      assertThat(source.finished()).isTrue();
      assertThat(bytes).isEqualTo(10_000);
      assertThat(parts).isEqualTo(500);
      assertThat((time.nowNanos() - begun) / MILLI).isBetween(9_900L, 10_000L);
    }
  }

  @Test
  void messagesComeAtTheirRateAndWhole() throws Exception {
    ScriptedSource script = records().at(0, "one", "two", "three").at(0, "four");
    try (Source source = new PacedSource(script, new Rate(2, true), time)) {
      long begun = time.nowNanos();
      List<String> found = new ArrayList<>();
      for (Batch batch = source.read(); batch != null; batch = source.read()) {
        found.add((time.nowNanos() - begun) / MILLI + " " + texts(batch));
      }
      // The first uses up the burst, the second what is owed then.
      assertThat(found).containsExactly("0 one", "0 two", "500 three", "1000 four");
    }
  }

  @Test
  void aPauseGivesNoMoreThanOneBurst() throws Exception {
    ScriptedSource script = raw().at(0, "a").at(5_000 * MILLI, "b".repeat(100));
    try (Source source = new PacedSource(script, new Rate(1_000, false), time)) {
      close(source.read());
      close(source.read());
      long begun = time.nowNanos();
      int bytes = 20;
      for (Batch batch = source.read(); batch != null; batch = source.read()) {
        bytes += batch.lengthBytes();
        batch.close();
      }
      assertThat(bytes).isEqualTo(100);
      assertThat((time.nowNanos() - begun) / MILLI).isGreaterThanOrEqualTo(60);
    }
  }

  @Test
  void whatABusyMachineWasLateWithIsMadeUpForUpToAQuarterOfASecond() throws Exception {
    ScriptedSource script = raw().at(0, "x".repeat(10_000));
    try (Source source = new PacedSource(script, new Rate(1_000, false), time)) {
      long begun = time.nowNanos();
      int bytes = 0;
      for (Batch batch = source.read(); batch != null; batch = source.read()) {
        bytes += batch.lengthBytes();
        batch.close();
        // Whoever takes the batches is kept for longer than the burst now and then.
        time.pass((bytes == 1_000 ? 2_000 : bytes % 500 == 0 ? 100 : 0) * MILLI);
      }
      assertThat((time.nowNanos() - begun) / MILLI).isBetween(11_600L, 11_900L);
    }
  }

  @Test
  void aTimedReadDoesNotWaitLongerForTokens() throws Exception {
    ScriptedSource script = raw().at(0, "x".repeat(100));
    try (Source source = new PacedSource(script, new Rate(100, false), time)) {
      close(source.read());
      close(source.read());
      long begun = time.nowNanos();
      assertThat(source.read(Duration.ofMillis(5))).isNull();
      assertThat(time.nowNanos() - begun).isEqualTo(5 * MILLI);
      assertThat(source.finished()).isFalse();
      close(source.read());
    }
  }

  @Test
  void closingWakesWhoWaitsForTokens() throws Exception {
    ScriptedSource script = raw().at(0, "xyz");
    PacedSource source = new PacedSource(script, new Rate(1, false));
    close(source.read());
    CompletableFuture<Throwable> ended = new CompletableFuture<>();
    close(source.read());
    Thread.ofVirtual()
        .start(() -> {
          try {
            ended.completeExceptionally(
                new AssertionError("read " + Objects.toString(source.read())));
          } catch (PipeException | InterruptedException e) {
            ended.complete(e);
          }
        });
    source.close();
    assertThat(ended.join()).isInstanceOf(PipeException.Closed.class);
    assertThat(script.closed()).isTrue();
  }

  @Test
  void aRateOfMessagesNeedsMessages() {
    assertThatThrownBy(() -> new PacedSource(raw(), new Rate(1, true), time))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("--frame");
  }

  @Test
  void smallBatchesWaitForEachOtherAndNotLonger() throws Exception {
    ScriptedSource script =
        records().at(0, "a").at(2 * MILLI, "b").at(4 * MILLI, "c").at(9 * MILLI, "d");
    try (Source source = gathering(script, 1_000, 5)) {
      Batch first = Objects.requireNonNull(source.read());
      assertThat(first.cursor()).isEqualTo(io.hostpipe.Cursor.of("at 9"));
      assertThat(texts(first)).isEqualTo("a b c");
      assertThat(texts(Objects.requireNonNull(source.read()))).isEqualTo("d");
      assertThat(source.read()).isNull();
      assertThat(source.finished()).isTrue();
    }
  }

  @Test
  void aFullBatchDoesNotWait() throws Exception {
    ScriptedSource script = records().at(0, "aaaa").at(0, "bbbb").at(MILLI, "cccc");
    try (Source source = gathering(script, 12, 100)) {
      long begun = time.nowNanos();
      assertThat(texts(Objects.requireNonNull(source.read()))).isEqualTo("aaaa bbbb");
      assertThat(time.nowNanos()).isEqualTo(begun);
      assertThat(texts(Objects.requireNonNull(source.read()))).isEqualTo("cccc");
    }
  }

  @Test
  void largeBatchesAreCutAtMessages() throws Exception {
    ScriptedSource script = records().at(0, "aaaa", "bbbb", "cccccccccccccccccccc", "d");
    try (Source source = gathering(script, 12, 0)) {
      List<String> found = new ArrayList<>();
      for (Batch batch = source.read(); batch != null; batch = source.read()) {
        found.add(texts(batch));
      }
      assertThat(found).containsExactly("aaaa bbbb", "cccccccccccccccccccc", "d");
    }
  }

  @Test
  void whatWasGatheredComesBeforeTheFailure() throws Exception {
    ScriptedSource script = records().at(0, "a").at(0, "b").thenFails();
    try (Source source = gathering(script, 1_000, 5)) {
      assertThat(texts(Objects.requireNonNull(source.read()))).isEqualTo("a b");
      assertThatThrownBy(source::read).hasMessage("broke");
    }
  }

  private Source gathering(ScriptedSource script, int batchBytes, long lingerMillis) {
    return new GatheringSource(script, batchBytes, Duration.ofMillis(lingerMillis), pool, time);
  }

  private ScriptedSource raw() {
    return new ScriptedSource(Encoding.RAW, pool, time);
  }

  private ScriptedSource records() {
    return new ScriptedSource(Encoding.RECORDS, pool, time);
  }

  private static void close(@org.jspecify.annotations.Nullable Batch batch) {
    Objects.requireNonNull(batch).close();
  }

  private static String texts(Batch batch) throws Exception {
    List<String> texts = new ArrayList<>();
    try (batch) {
      batch.forEach(
          (end, payload, headers) -> texts.add(StandardCharsets.UTF_8.decode(payload).toString()));
    }
    return String.join(" ", texts);
  }
}
