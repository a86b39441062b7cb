package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real command on both sides of a link of this host. */
final class LinkProcessTest {
  private static final int FILE_BYTES = 24 << 20;
  private static final int CUTS = 12;

  /** Whether the acknowledgement had come back by then is a matter of milliseconds. */
  private static final String DELIVERED_OR_PERHAPS =
      "; delivered: 0\\.\\.(1000|0, perhaps up to 1000)";

  @TempDir private Path folder;

  @Test
  void aFileArrivesWholeThroughTwelveCuts() throws IOException, InterruptedException {
    Path sent = randomFile();
    Path received = folder.resolve("received");
    try (CommandProcess receiver =
            CommandProcess.start("tcp-listen://127.0.0.1:0/x", received.toString(), "-v");
        FaultProxy proxy = FaultProxy.to(loopback(receiver.awaitPort()))) {
      for (int index = 1; index <= CUTS; index++) {
        Fault fault = index % 3 == 0 ? Fault.FIN : index % 3 == 1 ? Fault.RESET : Fault.TORN_FRAME;
        proxy.cutAt((long) FILE_BYTES * index / (CUTS + 1), fault);
      }
      int port = proxy.address().getPort();
      try (CommandProcess sender =
          CommandProcess.start(
              sent.toString(), "tcp://127.0.0.1:" + port + "/x", "--summary", "json")) {
        assertThat(sender.exitCode()).as(sender::err).isZero();
        assertThat(receiver.exitCode()).as(receiver::err).isZero();
        assertThat(proxy.cuts()).hasSize(CUTS);
        assertThat(sender.err()).contains("\"resumes\":" + CUTS + ",");
        assertThat(receiver.err())
            .contains("  resumes             " + CUTS + "\n", "going on at position");
      }
    }
    assertThat(Files.mismatch(sent, received)).isEqualTo(-1);
  }

  @Test
  void aReceiverMayDialASenderThatListens() throws IOException, InterruptedException {
    Path sent = randomFile();
    Path received = folder.resolve("received");
    try (CommandProcess sender =
            CommandProcess.start(sent.toString(), "tcp-listen://127.0.0.1:0/x");
        CommandProcess receiver =
            CommandProcess.start(
                "tcp://127.0.0.1:" + sender.awaitPort() + "/x", received.toString())) {
      assertThat(receiver.exitCode()).as(receiver::err).isZero();
      assertThat(sender.exitCode()).as(sender::err).isZero();
    }
    assertThat(Files.mismatch(sent, received)).isEqualTo(-1);
  }

  @Test
  void aSenderStartedFirstWaitsAndSaysSo() throws IOException, InterruptedException {
    int port = freePort();
    try (CommandProcess sender = CommandProcess.start("-", "tcp://127.0.0.1:" + port + "/x")) {
      sender.feed(new byte[1_000]).endInput();
      sender.awaitSaid("hostpipe: no link to 127.0.0.1:" + port);
      try (CommandProcess receiver =
          CommandProcess.start("tcp-listen://127.0.0.1:" + port + "/x", "-")) {
        assertThat(receiver.exitCode()).as(receiver::err).isZero();
        assertThat(receiver.out()).hasSize(1_000);
        assertThat(sender.exitCode()).as(sender::err).isZero();
        assertThat(sender.err()).contains("hostpipe: connected to 127.0.0.1:" + port);
      }
    }
  }

  /** The limit is for the first link as well, which on a busy machine takes seconds to come. */
  @Test
  void givesUpWithThePositionWhenTheReceiverWasKilled() throws IOException, InterruptedException {
    try (CommandProcess receiver = CommandProcess.start("tcp-listen://127.0.0.1:0/x", "-");
        CommandProcess sender =
            CommandProcess.start(
                "-", "tcp://127.0.0.1:" + receiver.awaitPort() + "/x", "--give-up", "15s")) {
      sender.feed(new byte[1_000]);
      receiver.awaitOutput(1_000);
      receiver.process().destroyForcibly();
      assertThat(sender.exitCode()).isEqualTo(3);
      assertThat(sender.err()).contains("--give-up").containsPattern(DELIVERED_OR_PERHAPS);
    }
  }

  @Test
  void standardInputArrivesWholeThroughCuts() throws IOException, InterruptedException {
    byte[] sent = Files.readAllBytes(randomFile());
    Path received = folder.resolve("received");
    try (CommandProcess receiver =
            CommandProcess.start("tcp-listen://127.0.0.1:0/x", received.toString());
        FaultProxy proxy = FaultProxy.to(loopback(receiver.awaitPort()))) {
      for (int index = 1; index <= CUTS; index++) {
        proxy.cutAt((long) FILE_BYTES * index / (CUTS + 1), Fault.RESET);
      }
      int port = proxy.address().getPort();
      try (CommandProcess sender = CommandProcess.start("-", "tcp://127.0.0.1:" + port + "/x")) {
        sender.feed(sent).endInput();
        assertThat(sender.exitCode()).as(sender::err).isZero();
        assertThat(receiver.exitCode()).as(receiver::err).isZero();
        assertThat(proxy.cuts()).hasSize(CUTS);
      }
    }
    assertThat(received).hasBinaryContent(sent);
  }

  /** The limit is for the first peer as well, which on a busy machine takes seconds to come. */
  @Test
  void givesUpWithThePositionWhenTheSenderWasKilled() throws IOException, InterruptedException {
    try (CommandProcess receiver =
            CommandProcess.start("tcp-listen://127.0.0.1:0/x", "-", "--give-up", "15s");
        CommandProcess sender =
            CommandProcess.start("-", "tcp://127.0.0.1:" + receiver.awaitPort() + "/x")) {
      sender.feed(new byte[1_000]);
      receiver.awaitOutput(1_000);
      sender.process().destroyForcibly();
      assertThat(receiver.exitCode()).as(receiver::err).isEqualTo(3);
      assertThat(receiver.err()).contains("--give-up", "delivered: 0..1000");
    }
  }

  @Test
  void aSenderHearsThatTheReceiversDiskIsFull() throws IOException, InterruptedException {
    try (CommandProcess receiver = CommandProcess.start("tcp-listen://127.0.0.1:0/x", "/dev/full");
        CommandProcess sender =
            CommandProcess.start("-", "tcp://127.0.0.1:" + receiver.awaitPort() + "/x")) {
      sender.feed(new byte[1_000]).endInput();
      assertThat(sender.exitCode()).isEqualTo(6);
      assertThat(receiver.exitCode()).isEqualTo(4);
      assertThat(receiver.err()).contains("/dev/full has no room left at position 0");
      assertThat(sender.err())
          .contains("the peer gave up at position 0: /dev/full has no room left at position 0");
    }
  }

  @Test
  void anInterruptedSenderTellsTheReceiver() throws IOException, InterruptedException {
    try (CommandProcess receiver = CommandProcess.start("tcp-listen://127.0.0.1:0/x", "-");
        CommandProcess sender =
            CommandProcess.start("-", "tcp://127.0.0.1:" + receiver.awaitPort() + "/x")) {
      sender.feed(new byte[1_000]);
      receiver.awaitOutput(1_000);
      sender.signal("INT");
      assertThat(sender.exitCode()).isEqualTo(130);
      assertThat(receiver.exitCode()).isEqualTo(6);
      assertThat(sender.err())
          .contains("hostpipe: interrupted; ")
          .containsPattern(DELIVERED_OR_PERHAPS);
      assertThat(receiver.err()).contains("gave up at position 1000", "delivered: 0..1000");
    }
  }

  @Test
  void anInterruptedReceiverTellsTheSender() throws IOException, InterruptedException {
    try (CommandProcess receiver = CommandProcess.start("tcp-listen://127.0.0.1:0/x", "-");
        CommandProcess sender =
            CommandProcess.start("-", "tcp://127.0.0.1:" + receiver.awaitPort() + "/x")) {
      sender.feed(new byte[1_000]);
      receiver.awaitOutput(1_000);
      receiver.signal("INT");
      assertThat(receiver.exitCode()).isEqualTo(130);
      assertThat(sender.exitCode()).isEqualTo(6);
      assertThat(receiver.err()).contains("hostpipe: interrupted; delivered: 0..1000");
      assertThat(sender.err())
          .contains("gave up at position 1000")
          .containsPattern(DELIVERED_OR_PERHAPS);
    }
  }

  @Test
  void aListenerThatNobodyDialsCanBeInterrupted() throws IOException, InterruptedException {
    try (CommandProcess receiver = CommandProcess.start("tcp-listen://127.0.0.1:0/x", "-")) {
      receiver.awaitPort();
      receiver.signal("USR1").awaitSaid("waiting for a peer; handed over: 0..0");
      receiver.signal("INT");
      assertThat(receiver.exitCode()).isEqualTo(130);
      assertThat(receiver.err()).endsWith("\nhostpipe: interrupted\n");
    }
  }

  @Test
  void aPlainListenerOffThisHostIsRefusedWithBothWaysOut()
      throws IOException, InterruptedException {
    Path file = folder.resolve("received");
    try (CommandProcess receiver =
        CommandProcess.start("tcp-listen://0.0.0.0:0/x", file.toString())) {
      assertThat(receiver.exitCode()).isEqualTo(2);
      assertThat(receiver.err()).contains("tls-listen://0.0.0.0:0/x", "auth=none");
      assertThat(file).doesNotExist();
    }
  }

  private Path randomFile() throws IOException {
    byte[] bytes = new byte[FILE_BYTES];
    new Random(7).nextBytes(bytes);
    return Files.write(folder.resolve("sent"), bytes);
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
