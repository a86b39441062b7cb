package io.hostpipe.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages on the command line: {@code --frame} and {@code --frame-out}. */
final class FrameTest {
  @TempDir private Path folder;

  private final Captured captured = new Captured();

  @Test
  void writesMessagesInAnotherFramingAndCountsThem() throws IOException {
    Path in = Files.write(folder.resolve("in"), "one\ntwo\n\nfour".getBytes(UTF_8));
    Path out = folder.resolve("out");
    assertThat(
            captured.run(in.toString(), out.toString(), "--frame", "lines", "--frame-out", "u32"))
        .isEqualTo(ExitCode.OK);
    assertThat(Files.readAllBytes(out))
        .isEqualTo("\0\0\0\3one\0\0\0\3two\0\0\0\0\0\0\0\4four".getBytes(UTF_8));
    assertThat(captured.err()).contains("  messages            4\n");
  }

  @Test
  void bytesThatAreNoTextPassUntouched() throws IOException {
    byte[] content = "a\u00ff\u00fe\n\u0000\u0080\n".getBytes(ISO_8859_1);
    Path in = Files.write(folder.resolve("in"), content);
    Path out = folder.resolve("out");
    assertThat(captured.run(in.toString(), out.toString(), "--frame", "lines"))
        .isEqualTo(ExitCode.OK);
    assertThat(out).hasBinaryContent(content);
  }

  @Test
  void theSha256IsThatOfTheFile() throws Exception {
    Path in = Files.write(folder.resolve("in"), "x".repeat(70_000).concat("\ny\n").getBytes(UTF_8));
    Path out = folder.resolve("out");
    assertThat(
            captured.run(in.toString(), out.toString(), "--frame", "lines", "--digest", "sha256"))
        .isEqualTo(ExitCode.OK);
    byte[] sum = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(out));
    assertThat(Files.mismatch(in, out)).isEqualTo(-1);
    assertThat(captured.err()).contains("sha256:" + HexFormat.of().formatHex(sum));
  }

  @Test
  void aLineThatNeverEndsEndsThePipeWithItsPosition() throws IOException {
    Path in = Files.write(folder.resolve("in"), ("one\n" + "x".repeat(2_000)).getBytes(UTF_8));
    Path out = folder.resolve("out");
    assertThat(
            captured.run(in.toString(), out.toString(), "--frame", "lines", "--message-max", "1K"))
        .isEqualTo(ExitCode.PARTIAL);
    assertThat(captured.err())
        .contains("a message that begins at byte 4 of the stream has more than 1024 bytes")
        .contains("delivered: 0..5");
    assertThat(out).hasContent("one\n");
  }

  @Test
  void aLineThatNeverEndsComesInPartsWhenAsked() throws IOException {
    Path in = Files.write(folder.resolve("in"), ("one\n" + "x".repeat(2_500)).getBytes(UTF_8));
    Path out = folder.resolve("out");
    assertThat(
            captured.run(
                in.toString(),
                out.toString(),
                "--frame",
                "lines",
                "--message-max",
                "1K",
                "--message-over",
                "split"))
        .isEqualTo(ExitCode.OK);
    assertThat(out)
        .hasContent(
            "one\n" + "x".repeat(1024) + "\n" + "x".repeat(1024) + "\n" + "x".repeat(452) + "\n");
  }

  @Test
  void anEndInsideAMessageIsAPartDelivered() throws IOException {
    Path in = Files.write(folder.resolve("in"), "\0\0\0\3one\0\0\0\7tw".getBytes(UTF_8));
    Path out = folder.resolve("out");
    assertThat(captured.run(in.toString(), out.toString(), "--frame", "u32"))
        .isEqualTo(ExitCode.PARTIAL);
    assertThat(captured.err()).contains("ended inside a message that begins at byte 7");
    assertThat(out).hasBinaryContent("\0\0\0\3one".getBytes(UTF_8));
  }

  @Test
  void aMessageThatTheFramingOutCannotCarryIsRefused() throws IOException {
    Path in = Files.write(folder.resolve("in"), "\0\0\0\3o\ne".getBytes(UTF_8));
    Path out = folder.resolve("out");
    assertThat(
            captured.run(in.toString(), out.toString(), "--frame", "u32", "--frame-out", "lines"))
        .isEqualTo(ExitCode.REJECTED);
    assertThat(captured.err()).contains("the framing lines cannot carry it");
  }

  @Test
  void nothingBehindARefusedMessageIsWritten() throws IOException {
    Path in = Files.writeString(folder.resolve("in"), "abc\ndefg\nhij\n");
    Path out = folder.resolve("out");
    assertThat(
            captured.run(
                in.toString(), out.toString(), "--frame", "lines", "--frame-out", "fixed:3"))
        .isEqualTo(ExitCode.REJECTED);
    assertThat(out).hasContent("abc");
    assertThat(captured.err())
        .contains("  bytes               5 (5 B)\n", "  messages read       3\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--frame|line|not a framing: 'line'",
        "--frame-out|lines|--frame-out lines needs messages, and",
        "--message-max|1K|say with --frame how they are told apart",
        "--message-over|split|say with --frame how they are told apart",
        "--rate|5msg/s|needs messages; tell them apart with --frame",
        "--rate|0msg/s|--rate is at least 1",
        "--in-flight|0|--in-flight is at least 1",
        "--window|0msg|--window is at least 1",
        "--window|x|--window is a size",
        "--batch-bytes|1G|--batch-bytes is from 1 byte to 32.0 MiB",
        "--linger|5|--linger is a number with a unit",
      })
  void whatCannotBeIsSaid(String flag, String value, String said) {
    assertThat(captured.run("./in", "./out", flag, value)).isEqualTo(ExitCode.USAGE);
    assertThat(captured.err()).contains(said);
  }

  @Test
  void whereNothingIsWrittenThereIsNothingToFrame() {
    assertThat(
            captured.run("./in", "tcp://127.0.0.1:1/x", "--frame", "lines", "--frame-out", "u32"))
        .isEqualTo(ExitCode.USAGE);
    assertThat(captured.err()).contains("give it to the command on the other host");
  }

  @Test
  void messagesPassALinkAndEachSideSaysHowItsBytesLook() throws Exception {
    Path out = folder.resolve("out");
    try (CommandProcess receiver =
            CommandProcess.start(
                "tcp-listen://127.0.0.1:0/a", out.toString(), "--frame-out", "varint");
        CommandProcess sender =
            CommandProcess.start(
                "-",
                "tcp://127.0.0.1:" + receiver.awaitPort() + "/a",
                "--frame",
                "lines",
                "--summary",
                "json")) {
      sender.feed("one\ntwo\nlast".getBytes(UTF_8)).endInput();
      assertThat(sender.exitCode()).as(sender::err).isZero();
      assertThat(receiver.exitCode()).as(receiver::err).isZero();
      assertThat(sender.err()).contains("\"messages\":3");
      assertThat(receiver.err()).contains("  messages            3\n");
    }
    assertThat(out).hasBinaryContent("\3one\3two\4last".getBytes(UTF_8));
  }

  @Test
  void oneSideWithMessagesAndOneWithBytesSayWhatToType() throws Exception {
    try (CommandProcess receiver = CommandProcess.start("tcp-listen://127.0.0.1:0/a", "-");
        CommandProcess sender =
            CommandProcess.start(
                "-", "tcp://127.0.0.1:" + receiver.awaitPort() + "/a", "--frame", "lines")) {
      sender.feed("one\n".getBytes(UTF_8)).endInput();
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(4);
      assertThat(sender.err())
          .contains("carries", "messages (records)", "bytes (raw)")
          .contains("give --frame or --frame-out to the side that listens as well");
      receiver.awaitSaid("turned away: the side that listens for 'a' carries bytes (raw)");
      receiver.signal("TERM");
      receiver.exitCode();
    }
  }

  @Test
  void manyStreamsInOneFileMixWholeLinesOnly() throws Exception {
    Path out = folder.resolve("out");
    StringBuilder[] lines = {new StringBuilder(), new StringBuilder()};
    for (int index = 0; index < 50_000; index++) {
      for (int stream = 0; stream < 2; stream++) {
        lines[stream].append("stream ").append(stream).append(" line ").append(index).append('\n');
      }
    }
    try (CommandProcess receiver =
        CommandProcess.start(
            "tcp-listen://127.0.0.1:0/a", "fan-in", out.toString(), "--frame-out", "lines")) {
      String address = "tcp://127.0.0.1:" + receiver.awaitPort() + "/a";
      try (CommandProcess first = CommandProcess.start("-", address, "--frame", "lines");
          CommandProcess second = CommandProcess.start("-", address, "--frame", "lines")) {
        first.feed(lines[0].toString().getBytes(UTF_8)).endInput();
        second.feed(lines[1].toString().getBytes(UTF_8)).endInput();
        assertThat(first.exitCode()).as(first::err).isZero();
        assertThat(second.exitCode()).as(second::err).isZero();
      }
      assertThat(receiver.signal("TERM").exitCode()).as(receiver::err).isZero();
    }
    for (int stream = 0; stream < 2; stream++) {
      String start = "stream " + stream;
      String own =
          String.join(
              "\n", Files.readAllLines(out).stream().filter(l -> l.startsWith(start)).toList());
      assertThat((own + "\n").contentEquals(lines[stream])).isTrue();
    }
    assertThat(Files.size(out)).isEqualTo(lines[0].length() + lines[1].length());
  }

  @Test
  void flowSetByHandChangesNothingOfTheContent() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int index = 0; index < 20_000; index++) {
      lines.append("line ").append(index).append('\n');
    }
    Path in = Files.writeString(folder.resolve("in"), lines);
    Path out = folder.resolve("out");
    assertThat(
            captured.run(
                in.toString(),
                out.toString(),
                "--frame",
                "lines",
                "--rate",
                "1000000msg/s",
                "--in-flight",
                "100",
                "--batch-bytes",
                "1000",
                "--linger",
                "1ms",
                "--window",
                "4K"))
        .isEqualTo(ExitCode.OK);
    assertThat(Files.mismatch(in, out)).isEqualTo(-1);
  }
}
