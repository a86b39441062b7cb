package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sinks that cannot go back, over FIFOs and devices; standard output has its own test. */
@SuppressWarnings("try") // closing by hand is what is tested
final class ChannelTargetTest {
  private final BlockPool pool = new BlockPool(1 << 20);

  @TempDir private Path folder;

  @AfterEach
  void givesEveryBlockBack() {
    PumpedSourceTest.Waiting.until(() -> pool.takenBytes() == 0);
  }

  private Path fifo() throws IOException, InterruptedException {
    Path fifo = folder.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    return fifo;
  }

  @Test
  void writesAFifoForEachStream() throws Exception {
    Path fifo = fifo();
    byte[] content = Ends.random(1_000_000, 1);
    try (Target target = Ends.target(pool, fifo)) {
      for (String name : new String[] {"one", "two"}) {
        CompletableFuture<byte[]> reading = CompletableFuture.supplyAsync(() -> readAll(fifo));
        try (Sink sink = target.open(new StreamId(name), Encoding.RAW)) {
          assertThat(sink.resume().position()).isZero();
          Ends.write(sink, content);
          assertThat(sink.committed().position()).isEqualTo(content.length);
          sink.finish();
        }
        assertThat(reading.get(2, TimeUnit.MINUTES)).isEqualTo(content);
      }
    }
  }

  @Test
  void tellsTheReaderOfAFifoThatAnEmptyStreamEnded() throws Exception {
    Path fifo = fifo();
    CompletableFuture<byte[]> reading = CompletableFuture.supplyAsync(() -> readAll(fifo));
    try (Target target = Ends.target(pool, fifo);
        Sink sink = Ends.open(target)) {
      sink.finish();
    }
    assertThat(reading.get(2, TimeUnit.MINUTES)).isEmpty();
  }

  @Test
  void writesToADeviceAsOftenAsOneLikes() throws Exception {
    try (Target one = Ends.target(pool, Path.of("/dev/null"));
        Target two = Ends.target(pool, Path.of("/dev/null"));
        Sink first = Ends.open(one);
        Sink second = Ends.open(two)) {
      Ends.write(first, new byte[1_000]);
      Ends.write(second, new byte[1_000]);
      first.finish();
      second.finish();
    }
  }

  @Test
  void commitsNothingThatADeviceHasNoRoomFor() throws Exception {
    try (Target target = Ends.target(pool, Path.of("/dev/full"));
        Sink sink = Ends.open(target)) {
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> Ends.write(sink, new byte[1_000]))
          .withMessageContaining("/dev/full has no room left at position 0")
          .satisfies(e -> assertThat(e.status()).isEqualTo(Status.RESOURCE_EXHAUSTED));
      assertThatExceptionOfType(PipeException.Refused.class).isThrownBy(sink::committed);
      assertThatExceptionOfType(PipeException.Refused.class).isThrownBy(sink::finish);
      assertThat(sink.resume().position()).isZero();
    }
  }

  @Test
  void tellsWhereTheReaderOfAFifoLeft() throws Exception {
    Path fifo = fifo();
    CompletableFuture<Void> reading =
        CompletableFuture.runAsync(() -> {
          try (InputStream in = Files.newInputStream(fifo)) {
            assertThat(in.readNBytes(100_000)).hasSize(100_000);
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });
    try (Target target = Ends.target(pool, fifo);
        Sink sink = Ends.open(target)) {
      byte[] block = new byte[50_000];
      assertThatExceptionOfType(PipeException.Closed.class)
          .isThrownBy(() -> {
            while (true) {
              Ends.write(sink, block);
            }
          })
          .withMessageContaining(
              "bytes were handed to it, and nothing says how many of them it read")
          .withMessageContaining("" + sink.resume().position());
      assertThat(sink.resume().position()).isGreaterThanOrEqualTo(100_000);
      assertThat(sink.awaitCommitted(100_000).position()).isEqualTo(sink.resume().position());
    }
    reading.get(2, TimeUnit.MINUTES);
  }

  @Test
  void wakesAPlatformThreadThatIsBlockedInAWrite() throws Exception {
    Path fifo = fifo();
    try (FileChannel silent =
            FileChannel.open(fifo, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Target target = Ends.target(pool, fifo);
        Sink sink = Ends.open(target)) {
      CompletableFuture<Throwable> ended = new CompletableFuture<>();
      Thread writer = Thread.ofPlatform().daemon().start(() -> writeForEver(sink, ended));
      sink.awaitCommitted(1);
      PumpedSourceTest.Waiting.untilBlocked(writer);
      sink.close();
      assertThat(ended.get(2, TimeUnit.MINUTES)).isInstanceOf(PipeException.Closed.class);
      assertThat(silent.isOpen()).isTrue();
    }
  }

  @Test
  void throwsAnInterruptOnOutOfABlockedWrite() throws Exception {
    Path fifo = fifo();
    try (FileChannel silent =
            FileChannel.open(fifo, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Target target = Ends.target(pool, fifo);
        Sink sink = Ends.open(target)) {
      CompletableFuture<Throwable> ended = new CompletableFuture<>();
      Thread writer = Thread.ofPlatform().daemon().start(() -> writeForEver(sink, ended));
      sink.awaitCommitted(1);
      writer.interrupt();
      assertThat(ended.get(2, TimeUnit.MINUTES)).isInstanceOf(InterruptedException.class);
      assertThat(silent.isOpen()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void wakesAWriterThatWaitsForAFifosReader(boolean virtual) throws Exception {
    Path fifo = fifo();
    try (Target target = Ends.target(pool, fifo);
        Sink sink = Ends.open(target)) {
      CompletableFuture<Throwable> ended = new CompletableFuture<>();
      Runnable write = () -> writeForEver(sink, ended);
      Thread writer =
          virtual ? Thread.ofVirtual().start(write) : Thread.ofPlatform().daemon().start(write);
      PumpedSourceTest.Waiting.untilBlocked(writer);
      sink.close();
      assertThat(ended.get(2, TimeUnit.MINUTES)).isInstanceOf(PipeException.Closed.class);
    }
  }

  private static void writeForEver(Sink sink, CompletableFuture<Throwable> ended) {
    try {
      while (true) {
        Ends.write(sink, new byte[10_000]);
      }
    } catch (PipeException | InterruptedException e) {
      ended.complete(e);
    }
  }

  private static byte[] readAll(Path fifo) {
    try (InputStream in = Files.newInputStream(fifo)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
