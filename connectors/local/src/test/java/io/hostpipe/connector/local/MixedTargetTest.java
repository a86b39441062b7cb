package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.runtime.MixedTarget;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.testkit.InParallel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many streams in one file, or in whatever else holds one. */
@Timeout(240)
final class MixedTargetTest {
  private static final int STREAM_COUNT = 16;
  private static final int BATCH_COUNT = 200;

  @TempDir private Path folder;

  private final BlockPool pool = new BlockPool(1 << 20);

  @AfterEach
  void everyBlockIsBack() throws Exception {
    InParallel.await(() -> pool.takenBytes() == 0);
  }

  @Test
  void batchesStandWholeInTheFileAndEachStreamInItsOrder() throws Exception {
    Path file = folder.resolve("file");
    try (MixedTarget mixed = mixed(file)) {
      List<InParallel<Boolean>> writing = new ArrayList<>();
      for (int stream = 0; stream < STREAM_COUNT; stream++) {
        int name = stream;
        writing.add(InParallel.run(() -> writeAll(mixed, name)));
      }
      for (InParallel<Boolean> each : writing) {
        assertThat(each.join()).isTrue();
      }
    }
    Map<String, Integer> next = new HashMap<>();
    List<String> lines = Files.readAllLines(file);
    for (int index = 0; index < lines.size(); index += 2) {
      String[] words = lines.get(index).split(" ", -1);
      assertThat(Integer.parseInt(words[1])).isEqualTo(next.getOrDefault(words[0], 0));
      assertThat(lines.get(index + 1)).isEqualTo("rest of " + words[0] + " " + words[1]);
      next.merge(words[0], 1, Integer::sum);
    }
    assertThat(next)
        .hasSize(STREAM_COUNT)
        .allSatisfy((_, count) -> assertThat(count).isEqualTo(BATCH_COUNT));
  }

  @Test
  void aStreamGoesOnWhereItStoodAndDropsWhatItHas() throws Exception {
    Path file = folder.resolve("file");
    try (MixedTarget mixed = mixed(file)) {
      Sink other = open(mixed, "other");
      write(other, 0, "x");
      Sink first = open(mixed, "one");
      write(first, 0, "ab");
      first.close();
      write(other, 1, "y");
      Sink again = open(mixed, "one");
      Resume held = again.resume();
      assertThat(held.position()).isEqualTo(2);
      assertThat(held.digest()).isEqualTo(digest("ab"));
      assertThat(write(again, 0, "abcd")).isEqualTo(4);
      assertThat(write(again, 0, "abcd")).as("it has all of it").isEqualTo(4);
      assertThat(again.awaitCommitted(4).position()).isEqualTo(4);
      again.finish();
      other.finish();
      assertThat(other.resume().digest()).isEqualTo(digest("xy"));
    }
    assertThat(file).hasContent("xabycd");
  }

  @Test
  void oneThatIsAbortedLeavesTheOthersAlone() throws Exception {
    Path file = folder.resolve("file");
    try (MixedTarget mixed = mixed(file)) {
      Sink aborted = open(mixed, "aborted");
      Sink other = open(mixed, "other");
      write(aborted, 0, "some ");
      aborted.close();
      assertThatExceptionOfType(PipeException.Closed.class)
          .isThrownBy(() -> write(aborted, 5, "more"))
          .withMessageContaining("aborted was closed on this side at position 5");
      write(other, 0, "whole");
      other.finish();
      assertThat(mixed.failure()).isNull();
    }
    assertThat(file).hasContent("some whole");
  }

  @Test
  void whenThePlaceFailsEveryStreamDoes() throws Exception {
    Path full = Path.of("/dev/full");
    try (MixedTarget mixed = mixed(full)) {
      Sink one = open(mixed, "one");
      Sink two = open(mixed, "two");
      var two1 = two.whenCommitted(1).toCompletableFuture();
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> write(one, 0, "some"))
          .satisfies(e -> assertThat(e.status()).isEqualTo(Status.RESOURCE_EXHAUSTED));
      assertThatExceptionOfType(PipeException.class).isThrownBy(() -> write(two, 0, "more"));
      assertThat(two1).isCompletedExceptionally();
      assertThat(mixed.failure()).hasMessageContaining("no room left");
      assertThat(one.resume().position()).isZero();
    }
  }

  @Test
  void refusesOneStreamTwiceAndAnotherEncoding() throws Exception {
    try (MixedTarget mixed = mixed(folder.resolve("file"))) {
      assertThat(mixed.manyAtOnce()).isTrue();
      open(mixed, "one");
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> open(mixed, "one"))
          .withMessageContaining("is being written already");
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> mixed.open(new StreamId("two"), Encoding.RECORDS))
          .withMessageContaining("one stream carries RAW");
    }
  }

  @Test
  void closingItEndsAWriterThatWaitsForTheReader() throws Exception {
    Path fifo = folder.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor(2, TimeUnit.MINUTES))
        .isTrue();
    MixedTarget mixed = mixed(fifo);
    Sink one = open(mixed, "one");
    Sink two = open(mixed, "two");
    InParallel<Long> blocked = InParallel.run(() -> write(one, 0, "some"));
    InParallel<Long> waiting = InParallel.run(() -> write(two, 0, "some"));
    // One of them is in the place, which has no reader; the other waits for its turn.
    InParallel.await(() -> waits(blocked) || waits(waiting));
    mixed.close();
    assertThat(blocked.failure()).isInstanceOf(PipeException.class);
    assertThat(waiting.failure()).isInstanceOf(PipeException.class);
    assertThatExceptionOfType(PipeException.class).isThrownBy(() -> open(mixed, "three"));
  }

  private static boolean waits(InParallel<?> one) {
    return one.thread().getState() == Thread.State.WAITING;
  }

  private MixedTarget mixed(Path file) throws PipeException {
    return new MixedTarget(Ends.target(pool, file), pool);
  }

  private static Sink open(MixedTarget mixed, String stream)
      throws PipeException, InterruptedException {
    return mixed.open(new StreamId(stream), Encoding.RAW);
  }

  private boolean writeAll(MixedTarget mixed, int name) throws Exception {
    try (Sink sink = open(mixed, "s" + name)) {
      long position = 0;
      for (int batch = 0; batch < BATCH_COUNT; batch++) {
        String line = "s" + name + " " + batch;
        position = write(sink, position, line + "\nrest of " + line + "\n");
      }
      sink.finish();
      return sink.committed().position() == position;
    }
  }

  private long write(Sink sink, long position, String text)
      throws PipeException, InterruptedException {
    Batch batch = Ends.batch(pool, position, text.getBytes(StandardCharsets.UTF_8));
    return sink.write(batch);
  }

  private static Digest digest(String text) {
    return Digest.EMPTY.extend(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }
}
