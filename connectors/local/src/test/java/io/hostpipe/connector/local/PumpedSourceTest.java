package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("try") // closing by hand is what is tested
final class PumpedSourceTest {
  private final BlockPool pool = new BlockPool(1 << 20);

  @TempDir private Path folder;

  @AfterEach
  void givesEveryBlockBackAndEndsItsThread() {
    Waiting.until(() -> pool.takenBytes() == 0);
    Waiting.until(() -> pumps().isEmpty());
  }

  private Source over(InputStream in) {
    return new PumpedSource(
        Ends.STREAM, "standard input", pool, () -> Channels.newChannel(in), () -> {}, -1);
  }

  private Path fifo() throws IOException, InterruptedException {
    Path fifo = folder.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    return fifo;
  }

  @Test
  void readsAFifoToItsEnd() throws Exception {
    Path fifo = fifo();
    byte[] content = Ends.random(2_000_000, 1);
    CompletableFuture<Void> writing =
        CompletableFuture.runAsync(() -> {
          try {
            Files.write(fifo, content, StandardOpenOption.WRITE);
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });
    try (Source source = Ends.source(pool, fifo)) {
      assertThat(source.replayable()).isFalse();
      assertThat(source.seek(Resume.START)).isTrue();
      assertThat(Ends.readAll(source)).isEqualTo(content);
      assertThat(source.read()).isNull();
    }
    writing.get(2, TimeUnit.MINUTES);
  }

  @Test
  void refusesToGoOnInTheMiddle() {
    try (Source source = over(InputStream.nullInputStream())) {
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> source.seek(Ends.at(7)))
          .withMessageContaining("standard input begins at byte 0 again")
          .withMessageContaining("already holds 7 bytes")
          .satisfies(e -> assertThat(e.status()).isEqualTo(Status.FAILED_PRECONDITION));
    }
  }

  @Test
  void answersInTimeAndGoesOnAfterwards() throws Exception {
    PipedInputStream in = new PipedInputStream();
    try (OutputStream out = new PipedOutputStream(in);
        Source source = over(in)) {
      assertThat(source.read(Duration.ofMillis(5))).isNull();
      assertThat(source.finished()).isFalse();
      out.write(42);
      out.flush();
      try (Batch batch = source.read(Duration.ofMinutes(2))) {
        assertThat(Ends.bytes(batch)).containsExactly(42);
      }
      out.close();
      assertThat(source.read()).isNull();
      assertThat(source.finished()).isTrue();
    }
  }

  @Test
  void holdsASmallBlockWhileIdleAndLargeOnesWhileReadsFillUp() throws Exception {
    PipedInputStream in = new PipedInputStream(1 << 20);
    try (OutputStream out = new PipedOutputStream(in);
        Source source = over(in)) {
      assertThat(source.read(Duration.ofMillis(5))).isNull();
      Waiting.until(() -> pool.takenBytes() == PumpedSource.SMALL_BLOCK_BYTES);
      out.write(new byte[900_000]);
      out.flush();
      long left = 900_000;
      int largest = 0;
      while (left > 0) {
        try (Batch batch = source.read()) {
          left -= Ends.bytes(batch).length;
          largest = Math.max(largest, Ends.bytes(batch).length);
        }
        assertThat(pool.takenBytes())
            .isLessThanOrEqualTo((PumpedSource.AHEAD_MAX + 2L) * PumpedSource.BLOCK_BYTES);
      }
      assertThat(largest).isGreaterThan(8 * PumpedSource.SMALL_BLOCK_BYTES);
      out.write(1);
      out.flush();
      try (Batch batch = source.read()) {
        assertThat(Ends.bytes(batch)).hasSize(1);
      }
      Waiting.until(() -> pool.takenBytes() == PumpedSource.SMALL_BLOCK_BYTES);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void wakesABlockedReaderWhenItIsClosed(boolean virtual) throws Exception {
    Path fifo = fifo();
    // A writer that is there and silent: both ends, so that opening waits for nobody.
    try (FileChannel silent =
            FileChannel.open(fifo, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Source source = Ends.source(pool, fifo)) {
      CompletableFuture<Throwable> ended = new CompletableFuture<>();
      Thread reader = reader(virtual, source, ended);
      Waiting.untilBlocked(reader);
      assertThat(silent.isOpen()).isTrue();
      source.close();
      assertThat(ended.get(2, TimeUnit.MINUTES)).isInstanceOf(PipeException.Closed.class);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void throwsAnInterruptOnAndCanBeReadAgain(boolean virtual) throws Exception {
    // A pipe of the system's: the JDK's own in memory look at the threads of both sides.
    Pipe pipe = Pipe.open();
    try (Pipe.SinkChannel out = pipe.sink();
        Source source =
            new PumpedSource(Ends.STREAM, "standard input", pool, pipe::source, () -> {}, -1)) {
      CompletableFuture<Throwable> ended = new CompletableFuture<>();
      Thread reader = reader(virtual, source, ended);
      Waiting.untilBlocked(reader);
      reader.interrupt();
      assertThat(ended.get(2, TimeUnit.MINUTES)).isInstanceOf(InterruptedException.class);
      out.write(ByteBuffer.wrap(new byte[] {1}));
      try (Batch batch = source.read()) {
        assertThat(Ends.bytes(batch)).containsExactly(1);
      }
    }
  }

  /** With a descriptor, as standard input has one, a platform thread reads the channel itself. */
  private Source here(Path path) {
    return new PumpedSource(
        Ends.STREAM,
        "standard input",
        pool,
        () -> FileChannel.open(path, StandardOpenOption.READ),
        () -> {},
        Integer.MAX_VALUE);
  }

  @Test
  void wakesAReaderThatWasAboutToWaitForAFifosWriter() throws Exception {
    Path fifo = fifo();
    CountDownLatch opening = new CountDownLatch(1);
    CountDownLatch woken = new CountDownLatch(1);
    Source source =
        new PumpedSource(
            Ends.STREAM,
            "a slow reader",
            pool,
            () -> {
              opening.countDown();
              awaitQuietly(woken);
              return FileChannel.open(fifo, StandardOpenOption.READ);
            },
            () -> {
              ChannelTarget.wakeOpening(fifo);
              woken.countDown();
            },
            -1);
    assertThat(source.read(Duration.ofMillis(5))).isNull();
    opening.await();
    source.close();
    Waiting.until(() -> pumps().isEmpty());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void readsOnTheCallersThreadToTheEnd() throws Exception {
    byte[] content = Ends.random(1_000_000, 5);
    try (Source source = here(Files.write(folder.resolve("in"), content))) {
      assertThat(Ends.readAll(source)).isEqualTo(content);
      assertThat(source.read()).isNull();
      assertThat(source.read(Duration.ofMillis(20))).isNull();
      assertThat(source.finished()).isTrue();
      assertThat(pumps()).isEmpty();
    }
  }

  @Test
  void goesOnElsewhereOnceATimedReadWasAskedFor() throws Exception {
    Path fifo = fifo();
    try (FileChannel both =
            FileChannel.open(fifo, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Source source = here(fifo)) {
      both.write(ByteBuffer.wrap(new byte[] {1}));
      try (Batch batch = source.read()) {
        assertThat(Ends.bytes(batch)).containsExactly(1);
      }
      assertThat(pumps()).isEmpty();
      assertThat(source.read(Duration.ofMillis(5))).isNull();
      both.write(ByteBuffer.wrap(new byte[] {2, 3}));
      try (Batch batch = source.read()) {
        assertThat(Ends.bytes(batch)).containsExactly(2, 3);
        assertThat(batch).extracting("position").isEqualTo(1L);
      }
    }
  }

  @Test
  void endsAReadOnTheCallersThreadWhenItIsClosedOrInterrupted() throws Exception {
    Path fifo = fifo();
    try (FileChannel silent =
        FileChannel.open(fifo, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      for (boolean interrupts : new boolean[] {true, false}) {
        try (Source source = here(fifo)) {
          CompletableFuture<Throwable> ended = new CompletableFuture<>();
          Thread reader = reader(false, source, ended);
          Waiting.untilBlocked(reader);
          if (interrupts) {
            reader.interrupt();
            assertThat(ended.get(2, TimeUnit.MINUTES)).isInstanceOf(InterruptedException.class);
          } else {
            source.close();
            assertThat(ended.get(2, TimeUnit.MINUTES)).isInstanceOf(PipeException.Closed.class);
          }
          assertThatExceptionOfType(PipeException.class).isThrownBy(source::read);
          assertThat(source.finished()).isFalse();
        }
      }
      assertThat(silent.isOpen()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void wakesAReaderThatWaitsForAFifosWriter(boolean virtual) throws Exception {
    Path fifo = fifo();
    try (Source source = Ends.source(pool, fifo)) {
      assertThat(source.read(Duration.ofMillis(50))).isNull();
      Waiting.untilBlocked(pumpOf(fifo));
      CompletableFuture<Throwable> ended = new CompletableFuture<>();
      Waiting.untilBlocked(reader(virtual, source, ended));
      source.close();
      assertThat(ended.get(2, TimeUnit.MINUTES)).isInstanceOf(PipeException.Closed.class);
    }
  }

  @Test
  void tellsWhyTheInputFailed() throws Exception {
    PumpedSource.Opening failing =
        () -> {
          throw new IOException("Input/output error");
        };
    try (Source source =
        new PumpedSource(Ends.STREAM, "standard input", pool, failing, () -> {}, -1)) {
      assertThatExceptionOfType(PipeException.DataLoss.class)
          .isThrownBy(source::read)
          .withMessageContaining("standard input cannot be read at position 0");
      assertThatExceptionOfType(PipeException.DataLoss.class).isThrownBy(source::read);
      assertThat(source.finished()).isFalse();
    }
  }

  private static Thread reader(boolean virtual, Source source, CompletableFuture<Throwable> ended) {
    Runnable read =
        () -> {
          try {
            source.read();
            ended.completeExceptionally(new AssertionError("the read returned"));
          } catch (PipeException | InterruptedException e) {
            ended.complete(e);
          }
        };
    return virtual ? Thread.ofVirtual().start(read) : Thread.ofPlatform().daemon().start(read);
  }

  private static Thread pumpOf(Path path) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("hostpipe-read " + path))
        .findAny()
        .orElseThrow();
  }

  private static List<Thread> pumps() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("hostpipe-read "))
        .toList();
  }

  /** Waits for conditions, with a deadline. */
  static final class Waiting {
    private Waiting() {}

    static void until(java.util.function.BooleanSupplier condition) {
      long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
      while (!condition.getAsBoolean()) {
        assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
        LockSupport.parkNanos(200_000);
      }
    }

    /** Until the thread waits, or is inside a native call for some milliseconds. */
    static void untilBlocked(Thread thread) {
      until(() ->
          switch (thread.getState()) {
            case WAITING, TIMED_WAITING, BLOCKED -> true;
            case RUNNABLE -> isInNative(thread);
            case NEW, TERMINATED -> false;
          });
    }

    private static boolean isInNative(Thread thread) {
      StackTraceElement[] stack = thread.getStackTrace();
      return stack.length > 0 && stack[0].isNativeMethod();
    }
  }
}
