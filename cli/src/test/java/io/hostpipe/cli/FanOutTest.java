package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One source into several destinations. */
final class FanOutTest {
  private static final int FILE_BYTES = 8 << 20;

  @TempDir private Path folder;

  @Test
  void eachDestinationGetsEverythingAndIsToldOf() throws IOException {
    Path in = randomFile();
    Path one = folder.resolve("one");
    Path two = folder.resolve("two");
    Captured captured = new Captured();
    assertThat(captured.run(in.toString(), one.toString(), two.toString())).isEqualTo(ExitCode.OK);
    assertThat(Files.mismatch(in, one)).isEqualTo(-1);
    assertThat(Files.mismatch(in, two)).isEqualTo(-1);
    assertThat(captured.err())
        .contains(
            "hostpipe: " + in + " -> " + one + ": once-while-running",
            "hostpipe: " + in + " -> " + two + ": once-while-running",
            "hostpipe: done: " + in + " -> " + one + ", " + two + "\n",
            "  arrived             " + one + ": 0.." + FILE_BYTES + "\n",
            "  arrived             " + two + ": 0.." + FILE_BYTES + "\n");
  }

  @Test
  void oneThatIsRefusedIsNamedBeforeAnythingIsWritten() throws IOException {
    Path in = randomFile();
    Path one = folder.resolve("one");
    Path full = Files.writeString(folder.resolve("full"), "old");
    Captured captured = new Captured();
    assertThat(captured.run(in.toString(), one.toString(), full.toString()))
        .isEqualTo(ExitCode.REFUSED);
    assertThat(captured.err()).contains("hostpipe: " + full + " has 3 bytes already");
    assertThat(one).doesNotExist();
    assertThat(full).hasContent("old");
  }

  @Test
  void checkLooksAtEachOfThem() throws IOException {
    Path in = randomFile();
    Captured captured = new Captured();
    String full = Files.writeString(folder.resolve("full"), "old").toString();
    assertThat(captured.run("check", in.toString(), "-", full)).isEqualTo(ExitCode.REFUSED);
    assertThat(captured.out())
        .contains(
            "ok   - as the destination: ",
            "no   " + full + " as the destination: ",
            "guarantee: " + in + " -> -: once-while-running",
            "guarantee: " + in + " -> " + full + ": once-while-running");
  }

  @Test
  void aListeningDestinationAPeerAndAFileGetTheSame() throws IOException, InterruptedException {
    Path in = randomFile();
    Path file = folder.resolve("file");
    Path dialed = folder.resolve("dialed");
    Path dialing = folder.resolve("dialing");
    try (CommandProcess receiver =
            CommandProcess.start("tcp-listen://127.0.0.1:0/a", dialed.toString());
        CommandProcess sender =
            CommandProcess.start(
                in.toString(),
                "tcp-listen://127.0.0.1:0/b",
                file.toString(),
                "tcp://127.0.0.1:" + receiver.awaitPort() + "/a",
                "--summary",
                "json");
        CommandProcess other =
            CommandProcess.start(
                "tcp://127.0.0.1:" + sender.awaitPort() + "/b", dialing.toString())) {
      assertThat(sender.exitCode()).as(sender::err).isZero();
      assertThat(other.exitCode()).as(other::err).isZero();
      assertThat(receiver.exitCode()).as(receiver::err).isZero();
      assertThat(sender.err())
          .contains(
              "\"destinations\":[{\"address\":\"tcp-listen://127.0.0.1:0/b\",\"position\":"
                  + FILE_BYTES
                  + ",\"finished\":true,\"guarantee\":\"once-while-running\"},{")
          .containsPattern("\"digest\":\"crc32c:[0-9a-f]{8} crc32:[0-9a-f]{8}\"");
    }
    for (Path each : new Path[] {file, dialed, dialing}) {
      assertThat(Files.mismatch(in, each)).as(each.toString()).isEqualTo(-1);
    }
  }

  @Test
  void theOneThatFailsIsNamedWithWhereEachOfThemIs() throws IOException, InterruptedException {
    Path file = folder.resolve("file");
    try (CommandProcess receiver = CommandProcess.start("tcp-listen://127.0.0.1:0/a", "-");
        CommandProcess sender =
            CommandProcess.start(
                "-", file.toString(), "tcp://127.0.0.1:" + receiver.awaitPort() + "/a")) {
      sender.feed("0123456789".getBytes(StandardCharsets.UTF_8));
      receiver.awaitOutput(10).signal("TERM");
      assertThat(receiver.exitCode()).isEqualTo(130);
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(6);
      assertThat(sender.err())
          .contains("hostpipe: destination 2 of 2, tcp://127.0.0.1:", ", failed: ")
          .contains("; delivered to " + file + ": 0..10; to tcp://127.0.0.1:")
          .contains("  in part             " + file + ": 0..10");
    }
  }

  private Path randomFile() throws IOException {
    byte[] bytes = new byte[FILE_BYTES];
    new Random(7).nextBytes(bytes);
    return Files.write(folder.resolve("in"), bytes);
  }
}
