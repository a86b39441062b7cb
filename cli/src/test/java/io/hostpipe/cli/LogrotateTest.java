package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
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
          for (int rotation = 0; rotation < ROTATIONS_PER_LIFE; rotation++) {
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
      assertThat(writer.linesPerSecond()).isGreaterThan(0.9 * LINES_PER_SECOND);
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
      Waiting.until(() -> endsWith(out, line(last)));
      tail.signal("TERM");
      assertThat(tail.exitCode()).isEqualTo(130);
      checkOutput(out, last, false);
    }
  }

  private static CommandProcess reader(Path log, Path out) throws IOException {
    return CommandProcess.start(
        "tail:" + log, "rotate-wait=200ms", out.toString(), "resume", "--require", "once");
  }

  /** Each line once and in order; and each that any file has. */
  private void checkOutput(Path out, long last, boolean all) throws IOException {
    long before = -1;
    NavigableSet<Long> missing = numbers();
    for (String line : Files.readAllLines(out)) {
      if (!all && isTorn(line, before + 1)) {
        continue;
      }
      long number = number(line);
      assertThat(line).isEqualTo(line(number).strip());
      assertThat(number).as("behind " + before).isGreaterThan(before);
      assertThat(!all || number == before + 1).as("gap behind " + before).isTrue();
      missing.remove(number);
      before = number;
    }
    assertThat(before).isEqualTo(last);
    assertThat(missing).isEmpty();
  }

  /** The lines that all files have together. */
  private NavigableSet<Long> numbers() throws IOException {
    TreeSet<Long> numbers = new TreeSet<>();
    List<Path> logs = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      files.filter(file -> file.getFileName().toString().startsWith("app.log")).forEach(logs::add);
    }
    for (Path each : logs) {
      String text = Files.readString(each);
      text.substring(0, text.lastIndexOf('\n') + 1)
          .lines()
          .forEach(line -> numbers.add(number(line)));
    }
    return numbers;
  }

  /** Whether it is the beginning of this line and no more. */
  private static boolean isTorn(String line, long number) {
    String whole = line(number).strip();
    return line.length() < whole.length() && whole.startsWith(line);
  }

  private static boolean endsWith(Path file, String end) throws IOException {
    String text = Files.readString(file);
    return text.endsWith(end);
  }

  private static String line(long number) {
    return "line " + number + " of a log that is written fast " + number % 97 + "\n";
  }

  private static long number(String line) {
    return Long.parseLong(line.split(" ", 3)[1]);
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
    private volatile long endedNanos;
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

    double linesPerSecond() {
      return number * 1e9 / (endedNanos - begunNanos);
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
        endedNanos = System.nanoTime();
        out.close();
      } catch (IOException | RuntimeException e) {
        failure = e;
      }
    }

    private void write(FileChannel out) throws IOException {
      StringBuilder lines = new StringBuilder();
      long next = number;
      for (int count = 0; count < LINES_PER_WRITE; count++) {
        lines.append(line(next++));
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
