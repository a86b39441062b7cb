package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The real logrotate, in both of its ways, under a writer of 50,000 lines a second, read by the
 * real command, which is killed again and again: every line that is in any file arrives once, in
 * order.
 *
 * <p>What copytruncate itself drops (lines between the end of its copy and its truncation) is in no
 * file, so nobody can be asked for it; if it was read before, it may be in the output all the same.
 * A copy may have seen the first page of a write, whose second one was dropped then: the beginning
 * of a line, which stands for itself.
 */
final class LogrotateTest {
  private static final int LINES_PER_SECOND = 50_000;
  private static final int LINES_PER_WRITE = 20;
  private static final int ROTATION_COUNT = 12;
  private static final long BETWEEN_ROTATIONS_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final int ROTATIONS_PER_LIFE = 3;
  private static final Pattern NUMBERED = Pattern.compile("line (\\d{1,9}) ");

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"create", "copytruncate"})
  void everyLineArrivesOnceAlsoAcrossKillsOfTheReader(String way) throws Exception {
    Path log = Files.createFile(folder.resolve("app.log"));
    Path out = folder.resolve("out.log");
    Logrotate logrotate = new Logrotate(folder, log, way);
    try (Writer writer = new Writer(log)) {
      for (int count = 0; count < ROTATION_COUNT; count += ROTATIONS_PER_LIFE) {
        try (CommandProcess tail = reader(log, out)) {
          Waiting.until(() -> Files.exists(out) && Files.size(out) > 0);
          logrotate.rotate();
          awaitSomeOfTheNewFile(log, out);
          for (int rotation = 1; rotation < ROTATIONS_PER_LIFE; rotation++) {
            LockSupport.parkNanos(BETWEEN_ROTATIONS_NANOS);
            logrotate.rotate();
          }
          assertThat(tail.isAlive()).as(tail::err).isTrue();
          tail.signal("KILL");
          tail.exitCode();
        }
        // One rotation while nobody reads.
        LockSupport.parkNanos(BETWEEN_ROTATIONS_NANOS / 4);
        logrotate.rotate();
      }
      // What is written between a copy and its truncation is in neither: the last line comes later.
      Waiting.until(() -> Files.size(log) > 0);
      long last = writer.stop();
      try (CommandProcess tail =
          CommandProcess.start("tail:" + log, "until=end", out.toString(), "resume")) {
        assertThat(tail.exitCode()).as(tail::err).isZero();
      }
      checkOutput(out, last, way.equals("create"));
    }
  }

  @Test
  void aReaderThatLivesMissesNothingOfTheCopies() throws Exception {
    Path log = Files.createFile(folder.resolve("app.log"));
    Path out = folder.resolve("out.log");
    Logrotate logrotate = new Logrotate(folder, log, "copytruncate");
    try (Writer writer = new Writer(log);
        CommandProcess tail = reader(log, out)) {
      Waiting.until(() -> Files.exists(out) && Files.size(out) > 0);
      for (int rotation = 0; rotation < ROTATION_COUNT; rotation++) {
        LockSupport.parkNanos(BETWEEN_ROTATIONS_NANOS / 2);
        logrotate.rotate();
      }
      Waiting.until(() -> Files.size(log) > 0);
      long last = writer.stop();
      Waiting.until(() -> lastNumber(out) == last);
      tail.signal("TERM");
      assertThat(tail.exitCode()).isEqualTo(130);
      checkOutput(out, last, false);
    }
  }

  /** Its writer may be kept from writing for hundreds of milliseconds, and is not late then. */
  private static CommandProcess reader(Path log, Path out) throws IOException {
    return CommandProcess.start(
        "tail:" + log, "rotate-wait=1s", out.toString(), "resume", "--require", "once");
  }

  /** Each line once and in order; and each that any file has. A busy machine makes millions. */
  private void checkOutput(Path out, long last, boolean all) throws IOException {
    long before = -1;
    BitSet missing = numbers();
    try (BufferedReader lines = Files.newBufferedReader(out)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        long number = number(line);
        if (number < 0 && !all && isTorn(line, before + 1)) {
          continue;
        }
        if (number <= before || (all && number != before + 1)) {
          throw new AssertionError("behind line " + before + " came: " + line);
        }
        missing.clear((int) number);
        before = number;
      }
    }
    assertThat(before).isEqualTo(last);
    assertThat(missing.stream().limit(10)).isEmpty();
  }

  /** The lines that all files have together. */
  private BitSet numbers() throws IOException {
    BitSet numbers = new BitSet();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path each : files.filter(LogrotateTest::isLog).toList()) {
        try (Stream<String> lines = Files.lines(each)) {
          lines
              .mapToLong(LogrotateTest::number)
              .filter(number -> number >= 0)
              .forEach(number -> numbers.set((int) number));
        }
      }
    }
    return numbers;
  }

  private static boolean isLog(Path file) {
    return file.getFileName().toString().startsWith("app.log");
  }

  /** Whether it is the beginning of this line and no more. */
  private static boolean isTorn(String line, long number) {
    String whole = text(number);
    return line.length() < whole.length() && whole.startsWith(line);
  }

  /** Blocks until the reader has gone over to the file that has the name since a rotation. */
  private static void awaitSomeOfTheNewFile(Path log, Path out) throws Exception {
    Waiting.until(() -> lastNumber(log) >= 0);
    long number = lastNumber(log);
    Waiting.until(() -> lastNumber(out) >= number);
  }

  /** The number of the last whole line; -1 when there is none. */
  private static long lastNumber(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer end = ByteBuffer.allocate(2 * text(Long.MAX_VALUE).length());
      channel.read(end, Math.max(0, channel.size() - end.capacity()));
      String text = new String(end.array(), 0, end.position(), StandardCharsets.UTF_8);
      return text.substring(0, text.lastIndexOf('\n') + 1)
          .lines()
          .mapToLong(LogrotateTest::number)
          .max()
          .orElse(-1);
    }
  }

  private static String text(long number) {
    return "line " + number + " of a log that is written fast " + number % 97;
  }

  /** The number of a line; -1 when it is not whole. */
  private static long number(String line) {
    Matcher begin = NUMBERED.matcher(line);
    long number = begin.lookingAt() ? Long.parseLong(begin.group(1)) : -1;
    return line.equals(text(number)) ? number : -1;
  }

  /** The real one, with a configuration of its own. */
  private static final class Logrotate {
    private final Path configuration;
    private final Path state;

    Logrotate(Path folder, Path log, String way) throws IOException {
      this.configuration = folder.resolve("logrotate.conf");
      this.state = folder.resolve("logrotate.state");
      boolean installed =
          Stream.of("/usr/sbin/logrotate", "/sbin/logrotate")
              .anyMatch(each -> Files.exists(Path.of(each)));
      assumeTrue(installed, "logrotate is not installed");
      Files.writeString(configuration, log + " {\n  rotate 1000\n  nocompress\n  " + way + "\n}\n");
    }

    void rotate() throws IOException, InterruptedException {
      Process process =
          new ProcessBuilder(
                  "/usr/sbin/logrotate", "-f", "-s", state.toString(), configuration.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(said).isZero();
    }
  }

  /** Appends numbered lines at a steady rate, and goes to the new file when the old was renamed. */
  private static final class Writer implements AutoCloseable {
    private final Path log;
    private final Thread thread;
    private final long begunNanos = System.nanoTime();
    private volatile boolean stopped;
    private volatile long number;
    private volatile @Nullable Throwable failure;

    Writer(Path log) {
      this.log = log;
      this.thread = Thread.ofPlatform().daemon().start(this::run);
    }

    /** The number of the last line. */
    long stop() throws InterruptedException {
      stopped = true;
      thread.join();
      assertThat(failure).isNull();
      return number - 1;
    }

    /** Without waiting: it is through within a millisecond. */
    @Override
    public void close() {
      stopped = true;
    }

    private void run() {
      try {
        FileChannel out = open();
        Object key = key();
        while (!stopped) {
          long due = (System.nanoTime() - begunNanos) * LINES_PER_SECOND / 1_000_000_000L;
          while (number < due) {
            write(out);
          }
          Object now = key();
          if (now != null && !now.equals(key)) {
            out.close();
            out = open();
            key = now;
          }
          LockSupport.parkNanos(1_000_000);
        }
        out.close();
      } catch (IOException | RuntimeException e) {
        failure = e;
      }
    }

    private void write(FileChannel out) throws IOException {
      StringBuilder lines = new StringBuilder();
      long next = number;
      for (int count = 0; count < LINES_PER_WRITE; count++) {
        lines.append(text(next++)).append('\n');
      }
      ByteBuffer bytes = ByteBuffer.wrap(lines.toString().getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      number = next;
    }

    private FileChannel open() throws IOException {
      return FileChannel.open(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private @Nullable Object key() throws IOException {
      try {
        return Files.getAttribute(log, "unix:ino");
      } catch (NoSuchFileException e) {
        return null;
      }
    }
  }
}
