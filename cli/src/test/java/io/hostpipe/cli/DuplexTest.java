package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Two ends joined both ways. */
final class DuplexTest {
  @Test
  void bothWaysMoveAtOnceAndEndIndependently() throws IOException, InterruptedException {
    byte[] question = random(3 << 20, 1);
    byte[] answer = random(2 << 20, 2);
    try (CommandProcess far = CommandProcess.start("--duplex", "-", "tcp-listen://127.0.0.1:0/x");
        CommandProcess near =
            CommandProcess.start("--duplex", "-", "tcp://127.0.0.1:" + far.awaitPort() + "/x")) {
      near.feed(question).endInput();
      far.awaitOutputEnd();
      assertThat(far.out()).as("its end came, and the other way goes on").isEqualTo(question);
      assertThat(near.isAlive()).isTrue();
      far.feed(answer).endInput();
      assertThat(near.exitCode()).as(near::err).isZero();
      assertThat(far.exitCode()).as(far::err).isZero();
      assertThat(near.out()).isEqualTo(answer);
      assertThat(near.err())
          .contains(
              "hostpipe: - -> tcp://127.0.0.1:",
              "/x -> -: once-while-running (",
              "hostpipe: done: - -> tcp://127.0.0.1:",
              "/x -> -\n  bytes               2,097,152");
    }
  }

  @Test
  void messagesBothWaysEndWellOnStandardOutput() throws IOException, InterruptedException {
    try (CommandProcess far =
            CommandProcess.start(
                "--duplex",
                "--frame",
                "lines",
                "tcp-listen://127.0.0.1:0/x",
                "exec:sed -u s/^/answer:/");
        CommandProcess near =
            CommandProcess.start(
                "--duplex", "--frame", "lines", "-", "tcp://127.0.0.1:" + far.awaitPort() + "/x")) {
      near.feed("one\ntwo\n".getBytes(StandardCharsets.UTF_8)).endInput();
      assertThat(near.exitCode()).as(near::err).isZero();
      assertThat(far.exitCode()).as(far::err).isZero();
      assertThat(near.out()).asString(StandardCharsets.UTF_8).isEqualTo("answer:one\nanswer:two\n");
    }
  }

  @Test
  void aBridgeJoinsTwoLinksBothWays() throws IOException, InterruptedException {
    byte[] question = random(1 << 20, 3);
    byte[] answer = random(1 << 20, 4);
    try (CommandProcess server =
            CommandProcess.start("--duplex", "-", "tcp-listen://127.0.0.1:0/s");
        CommandProcess bridge =
            CommandProcess.start(
                "--duplex",
                "tcp-listen://127.0.0.1:0/b",
                "tcp://127.0.0.1:" + server.awaitPort() + "/s",
                "--summary",
                "json");
        CommandProcess client =
            CommandProcess.start("--duplex", "-", "tcp://127.0.0.1:" + bridge.awaitPort() + "/b")) {
      client.feed(question).endInput();
      server.feed(answer).endInput();
      assertThat(client.exitCode()).as(client::err).isZero();
      assertThat(server.exitCode()).as(server::err).isZero();
      assertThat(bridge.exitCode()).as(bridge::err).isZero();
      assertThat(client.out()).isEqualTo(answer);
      assertThat(server.out()).isEqualTo(question);
      assertThat(bridge.err().lines().filter(line -> line.startsWith("{\"exit\":0,"))).hasSize(2);
    }
  }

  @Test
  void aProgramIsStartedForEachPeerAndAnswersIt() throws IOException, InterruptedException {
    try (CommandProcess server =
        CommandProcess.start("--duplex", "tcp-listen://127.0.0.1:0/echo", "fan-in", "exec:cat")) {
      String address = "tcp://127.0.0.1:" + server.awaitPort() + "/echo";
      try (CommandProcess first = CommandProcess.start("--duplex", "-", address, "-q");
          CommandProcess second = CommandProcess.start("--duplex", "-", address, "-q")) {
        first.feed("first".getBytes(StandardCharsets.UTF_8)).awaitOutput(5);
        second.feed("second".getBytes(StandardCharsets.UTF_8)).awaitOutput(6);
        first.endInput();
        second.endInput();
        assertThat(first.exitCode()).as(first::err).isZero();
        assertThat(second.exitCode()).as(second::err).isZero();
        assertThat(first.out()).asString().isEqualTo("first");
        assertThat(second.out()).asString().isEqualTo("second");
      }
      server.signal("TERM");
      assertThat(server.exitCode()).as(server::err).isZero();
    }
  }

  @Test
  void onePeerMayUseOneWayOnly() throws IOException, InterruptedException {
    try (CommandProcess far = CommandProcess.start("tcp-listen://127.0.0.1:0/x", "-");
        CommandProcess near =
            CommandProcess.start("--duplex", "-", "tcp://127.0.0.1:" + far.awaitPort() + "/x")) {
      near.feed("question".getBytes(StandardCharsets.UTF_8)).endInput();
      assertThat(near.exitCode()).as(near::err).isZero();
      assertThat(far.exitCode()).as(far::err).isZero();
      assertThat(far.out()).asString().isEqualTo("question");
      assertThat(near.out()).isEmpty();
    }
  }

  @Test
  void aFailureOfOneWayEndsBothAndSaysWhereEachWas() throws IOException, InterruptedException {
    try (CommandProcess far = CommandProcess.start("--duplex", "-", "tcp-listen://127.0.0.1:0/x");
        CommandProcess near =
            CommandProcess.start("--duplex", "-", "tcp://127.0.0.1:" + far.awaitPort() + "/x")) {
      near.feed(new byte[10]);
      far.feed(new byte[20]);
      near.awaitOutput(20);
      far.awaitOutput(10);
      far.signal("INT");
      assertThat(far.exitCode()).isEqualTo(130);
      assertThat(far.err()).contains("hostpipe: interrupted; - -> tcp-listen://127.0.0.1:0/x: ");
      assertThat(near.exitCode()).as(near::err).isEqualTo(6);
      assertThat(near.err())
          .containsPattern("; - -> tcp://127.0.0.1:[0-9]+/x: delivered: 0\\.\\.(10|0, perhaps)")
          .containsPattern("/x -> -: delivered: 0\\.\\.20\n");
    }
  }

  private static byte[] random(int lengthBytes, int seed) {
    byte[] bytes = new byte[lengthBytes];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
