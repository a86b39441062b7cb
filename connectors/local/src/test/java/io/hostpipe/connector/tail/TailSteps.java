package io.hostpipe.connector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A reader and the rotations of its file, step by step: what happens between two polls, and between
 * a look at the folder and the opening of what it showed. Times of files are set, and the reader's
 * clock is the test's.
 */
final class TailSteps implements AutoCloseable {
  private static final int COPY_COUNT_MAX = 99;

  final List<String> warnings = new ArrayList<>();

  /** What happens behind the next looks at the folder. */
  final ArrayDeque<Step> behindLooks = new ArrayDeque<>();

  final Path log;
  private final Path folder;
  private final BlockPool pool = new BlockPool(1 << 20);
  private final List<TailReader> readers = new ArrayList<>();
  private TailReader reader;
  private long nowNanos;
  private long position;
  private @Nullable Cursor cursor;
  private long fileMillis = System.currentTimeMillis() - Duration.ofSeconds(30).toMillis();

  /** A file with these lines, all of which were read. */
  TailSteps(Path folder, String lines) throws IOException {
    this.folder = folder;
    this.log = folder.resolve("app.log");
    append(lines);
    reader = reader();
    reader.begin(nowNanos);
    assertThat(poll()).isEqualTo(lines);
  }

  /** So the file is waited for when it is renamed behind this. */
  void readsALineNow() throws IOException {
    append("now\n");
    assertThat(pollOnce()).isEqualTo("now\n");
  }

  /** Another reader, at the beginning. */
  void begin(String... options) throws IOException {
    position = 0;
    cursor = null;
    reader = reader(options);
    reader.begin(nowNanos);
  }

  /** Another reader, at the place behind what was read. */
  void resume(String... options) throws IOException {
    Cursor there = cursor;
    if (there == null) {
      throw new AssertionError("nothing was read yet");
    }
    reader = reader(options);
    assertThat(reader.resume(Place.of(there), position, true, nowNanos)).isTrue();
  }

  private TailReader reader(String... options) throws PipeException {
    Address address = Address.parse("tail:" + log).withOption("rotate-wait", "1s");
    for (String option : options) {
      String[] parts = option.split("=", 2);
      address = address.withOption(parts[0], parts[1]);
    }
    PipeEvents events =
        new PipeEvents() {
          @Override
          public void warning(String text) {
            warnings.add(text);
          }
        };
    TailReader made =
        new TailReader(
            new StreamId("s"), log, new Stepped(log), pool, TailOptions.of(address), events);
    readers.add(made);
    return made;
  }

  /** One look, at the same time as the last one. */
  @Nullable String pollOnce() throws IOException {
    Batch batch = reader.poll(nowNanos);
    return batch == null ? null : taken(batch);
  }

  /** The reader's next look comes so much later. */
  void pass(Duration time) {
    nowNanos += time.toNanos();
  }

  boolean ended() {
    return reader.ended();
  }

  @Override
  public void close() {
    readers.forEach(TailReader::close);
    assertThat(pool.takenBytes()).isZero();
  }

  /** What there is, until two looks, far apart, show nothing more. */
  String poll() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int count = 0; count < 2; nowNanos += Duration.ofMinutes(1).toNanos()) {
      Batch batch = reader.poll(nowNanos);
      count = batch == null ? count + 1 : 0;
      if (batch != null) {
        text.append(taken(batch));
      }
    }
    return text.toString();
  }

  private String taken(Batch batch) {
    try (batch) {
      assertThat(batch.position()).isEqualTo(position);
      position = batch.endPosition();
      cursor = batch.cursor();
      byte[] bytes = new byte[batch.lengthBytes()];
      batch.bytes().get(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  /** All of a rotation by copying. */
  void rotate() throws IOException {
    moveUp();
    copy();
    truncate();
  }

  /** The first step of one: the old copies get the next numbers, the oldest one first. */
  void moveUp() throws IOException {
    for (int number = COPY_COUNT_MAX; number > 0; number--) {
      if (Files.exists(copyPath(number))) {
        Files.move(copyPath(number), copyPath(number + 1));
      }
    }
  }

  void copy() throws IOException {
    write(copyPath(1), Files.readString(log));
  }

  void truncate() throws IOException {
    write(log, "");
  }

  void append(String text) throws IOException {
    Files.writeString(log, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    stamp(log);
  }

  /** These in a row, with a rotation by copying between two of them. */
  void appendWithRotations(String first, String... others) throws IOException {
    append(first);
    for (String each : others) {
      rotate();
      append(each);
    }
  }

  /** The second step of a rotation by renaming. */
  void renew(String text) throws IOException {
    Files.move(log, copyPath(1));
    write(log, text);
  }

  void write(Path file, String text) throws IOException {
    Files.writeString(file, text);
    stamp(file);
  }

  void stamp(Path file) throws IOException {
    fileMillis += 20;
    Files.setLastModifiedTime(file, FileTime.fromMillis(fileMillis));
  }

  Path copyPath(int number) {
    return folder.resolve("app.log." + number);
  }

  /** What happens at some moment. */
  interface Step {
    void run() throws IOException;
  }

  /** A family in whose folder something happens as soon as it was looked at. */
  private final class Stepped extends Family {
    Stepped(Path path) {
      super(path);
    }

    @Override
    List<Seen> members() throws MovedException {
      List<Seen> members = super.members();
      Step step = behindLooks.poll();
      try {
        if (step != null) {
          step.run();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return members;
    }
  }
}
