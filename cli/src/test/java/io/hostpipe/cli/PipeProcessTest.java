package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real command between standard input, standard output and files of this host. */
final class PipeProcessTest {
  /** More than any buffer on the way. */
  private static final int LARGE_BYTES = 3 << 20;

  @TempDir private Path folder;

  @Test
  void aListenerWaitsForItsFirstPeerNoLongerThanItIsTold() throws Exception {
    try (CommandProcess listener =
        CommandProcess.start("tcp-listen://127.0.0.1:0/x", "-", "--give-up", "300ms")) {
      assertThat(listener.exitCode()).isEqualTo(3);
      assertThat(listener.err()).contains(": nobody dialed within 300 ms (--give-up)");
    }
  }

  @Test
  void copiesStdinToStdoutAndSaysTheRestOnStderr() throws IOException, InterruptedException {
    byte[] bytes = random(LARGE_BYTES);
    try (CommandProcess pipe = CommandProcess.start("-", "-")) {
      pipe.feed(bytes).endInput();
      assertThat(pipe.exitCode()).isZero();
      assertThat(pipe.out()).isEqualTo(bytes);
      assertThat(pipe.err())
          .startsWith("hostpipe: - -> -: once-while-running (")
          .contains("hostpipe: done: - -> -\n  bytes               3,145,728 (3.0 MiB)\n")
          .doesNotContain("resumes");
    }
  }

  @Test
  void sendAndRecvAreShortForStdinAndStdout() throws IOException, InterruptedException {
    Path file = folder.resolve("file");
    try (CommandProcess send = CommandProcess.start("send", file.toString(), "-q")) {
      send.feed("some bytes".getBytes(StandardCharsets.UTF_8)).endInput();
      assertThat(send.exitCode()).isZero();
      assertThat(send.err()).isEmpty();
    }
    try (CommandProcess recv = CommandProcess.start("recv", file.toString(), "-q")) {
      assertThat(recv.exitCode()).isZero();
      assertThat(recv.out()).asString().isEqualTo("some bytes");
    }
  }

  @Test
  void refusesAFileThatIsThereAndAppendsOrOverwritesWhenTold()
      throws IOException, InterruptedException {
    Path file = Files.writeString(folder.resolve("file"), "old");
    assertThat(fed("new", "-", file.toString())).isEqualTo(4);
    assertThat(file).hasContent("old");
    assertThat(fed("new", "-", file.toString(), "append")).isZero();
    assertThat(file).hasContent("oldnew");
    assertThat(fed("new", "-", file.toString(), "overwrite")).isZero();
    assertThat(file).hasContent("new");
  }

  @Test
  void writesTheSummaryAsOneLineOfJsonAlsoWhenQuiet()
      throws IOException, InterruptedException, NoSuchAlgorithmException {
    byte[] bytes = random(LARGE_BYTES);
    Path file = Files.write(folder.resolve("file"), bytes);
    String sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    try (CommandProcess pipe =
        CommandProcess.start(
            file.toString(), "-", "--summary", "json", "--digest", "sha256", "-q")) {
      assertThat(pipe.exitCode()).isZero();
      assertThat(pipe.err().lines())
          .singleElement()
          .asString()
          .startsWith("{\"exit\":0,\"stream\":\"file:" + file + "\",\"source\":\"" + file + "\",")
          .contains("\"bytes\":3145728,", "\"digest\":\"sha256:" + sha256 + "\",")
          .endsWith("}");
    }
  }

  @Test
  void saysWhatWasHandedOverWhenTheProgramBehindStdoutEnds()
      throws IOException, InterruptedException {
    try (CommandProcess pipe =
        CommandProcess.startInto(List.of("head", "-c", "1000"), "-", "-", "--summary", "json")) {
      pipe.feed(new byte[1_000]).awaitOutputEnd();
      pipe.feed(new byte[1_000]);
      assertThat(pipe.exitCode()).isEqualTo(6);
      assertThat(pipe.err())
          .contains("the program behind standard output ended")
          .contains("; delivered: 0..")
          .contains("\"position\":1000,");
    }
  }

  @Test
  void neverShowsASecret() throws IOException, InterruptedException {
    Map<String, String> environment = Map.of("TARGET", "tcp://u:hunter2@127.0.0.1:1/x");
    try (CommandProcess pipe =
        CommandProcess.start(environment, "-", "env:TARGET", "--give-up", "100ms", "-v")) {
      pipe.feed(new byte[10]);
      assertThat(pipe.exitCode()).isEqualTo(3);
      assertThat(pipe.err()).contains("tcp://u:***@127.0.0.1:1/x").doesNotContain("hunter2");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM", "HUP"})
  void endsSoonWhileItWaitsForStdin(String signal) throws IOException, InterruptedException {
    Path file = folder.resolve("file");
    try (CommandProcess pipe = CommandProcess.start("-", file.toString(), "--summary", "json")) {
      pipe.feed(new byte[5_000]);
      awaitLength(file, 5_000);
      long startNanos = System.nanoTime();
      pipe.signal(signal);
      assertThat(pipe.exitCode()).isEqualTo(130);
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
      assertThat(pipe.err())
          .contains("hostpipe: interrupted; delivered: 0..5000\n")
          .contains("{\"exit\":130,\"error\":\"interrupted; delivered: 0..5000\"");
      // It is much less than a second; a busy machine gets as much more as it may need.
      assertThat(millis).isLessThan(20_000);
    }
  }

  @Test
  void saysItsProgressOnAskingBySignalAndGoesOn() throws IOException, InterruptedException {
    Path file = folder.resolve("file");
    try (CommandProcess pipe = CommandProcess.start("-", file.toString())) {
      pipe.feed(new byte[5_000]);
      awaitLength(file, 5_000);
      // That all of it is in the file is seen before the pipe knows it: it is asked again then.
      Waiting.until(() ->
          pipe.signal("USR1")
              .err()
              .contains("; handed over: 0..5000, known to be delivered: 5000"));
      assertThat(pipe.isAlive()).isTrue();
      pipe.feed(new byte[5_000]).endInput();
      assertThat(pipe.exitCode()).isZero();
      assertThat(file).hasSize(10_000);
    }
  }

  @Test
  void drawsItsProgressWhenAskedAndKeepsItOffTheLinesThatStay()
      throws IOException, InterruptedException {
    try (CommandProcess pipe =
        CommandProcess.start("-", "-", "--progress", "always", "--size", "10000")) {
      pipe.feed(new byte[5_000]).awaitSaid("4.9 KiB  ").awaitSaid("50%");
      pipe.endInput();
      assertThat(pipe.exitCode()).isZero();
      assertThat(pipe.err()).contains("\u001b[Khostpipe: done: ");
    }
  }

  @Test
  void loadsNothingElseForItsVersion() throws IOException, InterruptedException {
    try (CommandProcess version =
        CommandProcess.start(Map.of("JAVA_TOOL_OPTIONS", "-Xlog:class+load:stderr"), "--version")) {
      assertThat(version.exitCode()).isZero();
      assertThat(version.out()).asString().isEqualTo("hostpipe " + Version.current() + "\n");
      assertThat(version.err().lines().filter(line -> line.contains(" io.hostpipe.")))
          .hasSizeLessThanOrEqualTo(2);
      assertThat(version.err()).doesNotContain("java.util.regex.Pattern ", "org.apache.commons");
    }
  }

  private static int fed(String input, String... words) throws IOException, InterruptedException {
    try (CommandProcess pipe = CommandProcess.start(words)) {
      pipe.feed(input.getBytes(StandardCharsets.UTF_8)).endInput();
      return pipe.exitCode();
    }
  }

  private static void awaitLength(Path file, long lengthBytes) {
    Waiting.until(() -> Files.exists(file) && Files.size(file) >= lengthBytes);
  }

  private static byte[] random(int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    new Random(42).nextBytes(bytes);
    return bytes;
  }
}
