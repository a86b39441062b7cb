package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.testkit.InParallel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Numbered lines through a broker, whose sender, reader and server are killed on the way. */
final class KilledOnTheWay {
  private static final int SENDER_KILLS = 10;
  private static final int READER_KILLS = 3;
  private static final int KILLED = 128 + 9;

  /** What is still on its way when the sender is killed. */
  private static final int LINES_AHEAD = 2_000;

  private final Path state;
  private final int count;
  private final byte[] bytes;

  /**
   * Nothing is sent yet.
   *
   * @param state where both commands keep what they know
   * @param count of the lines
   */
  KilledOnTheWay(Path state, int count) {
    this.state = state;
    this.count = count;
    this.bytes =
        numbers().stream()
            .map(each -> each + "\n")
            .collect(Collectors.joining())
            .getBytes(StandardCharsets.UTF_8);
  }

  /** Says how many messages the broker has; 0 where nobody answers. */
  interface Stored {
    long count() throws Exception;
  }

  /** Kills the broker and starts it again. */
  interface Restart {
    void run() throws Exception;
  }

  /** All lines, without their ends. */
  List<String> numbers() {
    return IntStream.rangeClosed(1, count).mapToObj("%d"::formatted).toList();
  }

  byte[] bytes() {
    return bytes.clone();
  }

  /**
   * A sender that is killed ten times, and its server now and then, and that comes to its end.
   *
   * @param destination with its options
   * @return what the last one said
   */
  String send(Stored stored, Restart restart, String... destination) throws Exception {
    for (int kill = 1; kill <= SENDER_KILLS; kill++) {
      long wanted = (long) kill * count / (SENDER_KILLS + 2);
      try (CommandProcess sender = sender(destination)) {
        // Its input does not end, so it is under way whenever it is killed.
        InParallel<Boolean> feeding = InParallel.run(() -> feedUpTo(sender, wanted));
        Waiting.until(() -> stored.count() >= wanted || !sender.isAlive());
        sender.signal("KILL");
        assertThat(sender.exitCode()).as(sender::err).isEqualTo(KILLED);
        feeding.join();
      }
      if (kill % 4 == 0) {
        restart.run();
      }
    }
    return sendAll(destination);
  }

  /** One sender of all lines; what it said. */
  String sendAll(String... destination) throws Exception {
    try (CommandProcess sender = sender(destination)) {
      InParallel<Boolean> feeding = InParallel.run(() -> feedAll(sender));
      assertThat(feeding.join()).isTrue();
      assertThat(sender.exitCode()).as(sender::err).isZero();
      return sender.err();
    }
  }

  /**
   * A reader into a file that is killed three times, and that comes to its end, with the lines.
   *
   * @param restart behind the kills
   * @param source with its options
   * @return what the last one said
   */
  String read(Path out, Restart restart, String... source) throws Exception {
    for (int kill = 1; kill <= READER_KILLS; kill++) {
      long wanted = (long) kill * bytes.length / 8;
      // All of it takes seconds, so it is under way whenever it is killed.
      try (CommandProcess reader = reader(out, List.of("--rate", count / 5 + "msg/s"), source)) {
        Waiting.until(() -> lengthBytes(out) >= wanted || !reader.isAlive());
        reader.signal("KILL");
        assertThat(reader.exitCode()).as(reader::err).isEqualTo(KILLED);
      }
    }
    restart.run();
    try (CommandProcess reader = reader(out, List.of(), source)) {
      assertThat(reader.exitCode()).as(reader::err).isZero();
      assertThat(out).hasBinaryContent(bytes);
      return reader.err();
    }
  }

  /** One that goes on where it was. */
  CommandProcess sender(String... destination) throws IOException {
    List<String> words =
        new ArrayList<>(
            List.of("--frame", "lines", "--session", "numbers", "--restarted", "replay", "-"));
    words.addAll(List.of(destination));
    return start("sender", words);
  }

  private CommandProcess reader(Path out, List<String> more, String... source) throws IOException {
    List<String> words = new ArrayList<>(List.of("--frame", "lines", "--session", "reader"));
    words.addAll(more);
    words.addAll(List.of(source));
    words.add(out.toString());
    return start("reader", words);
  }

  private CommandProcess start(String whose, List<String> words) throws IOException {
    return CommandProcess.start(
        Map.of("XDG_STATE_HOME", state.resolve(whose).toString()), words.toArray(String[]::new));
  }

  /** Whether all of it was taken, and the end of it. */
  private boolean feedAll(CommandProcess process) {
    try {
      process.feed(bytes).endInput();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether so many lines and a few more were taken: who is killed takes no more. */
  private boolean feedUpTo(CommandProcess process, long lines) {
    int index = 0;
    for (long rest = lines + LINES_AHEAD; rest > 0 && index < bytes.length; index++) {
      rest -= bytes[index] == '\n' ? 1 : 0;
    }
    try {
      process.feed(Arrays.copyOf(bytes, index));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static long lengthBytes(Path file) throws IOException {
    return Files.exists(file) ? Files.size(file) : 0;
  }
}
