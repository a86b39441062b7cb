package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An ext4 that gets full, or read-only, or loses a folder, while a pipe is at work on it. */
final class RealDiskFaultsTest {
  private static final int CONTENT_BYTES = 6 << 20;
  private static final int FIRST_BYTES = 300_000;

  @TempDir private Path folder;
  private final byte[] content = new byte[CONTENT_BYTES];
  private Path in;
  private Path out;
  private String listen;
  private String dial;

  @BeforeEach
  void prepare() throws IOException {
    new Random(1).nextBytes(content);
    in = Files.write(folder.resolve("in"), content);
    out = folder.resolve("out");
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      listen = "tcp-listen://127.0.0.1:" + socket.getLocalPort() + "/x";
      dial = "tcp://127.0.0.1:" + socket.getLocalPort() + "/x";
    }
  }

  @Test
  void aFileOnAFullDiskWaitsForRoomAndTheTransferEndsByItself() throws Exception {
    try (SmallDisk disk = SmallDisk.make(folder, 12);
        CommandProcess receiver = disk.start(listen, disk.name("out"), "resume");
        CommandProcess sender = CommandProcess.start("-", dial)) {
      sender.feed(first());
      Waiting.until(() -> bytesOf(disk.file("out")) > 0);
      Path ballast = disk.fill("ballast");
      feedRest(sender);
      receiver.awaitSaid(
          disk.name("out") + " is full (No space left on device); it waits for room");
      assertThat(sender.isAlive()).isTrue();
      Files.delete(ballast);
      assertEndWell(sender, receiver);
      assertThat(receiver.err()).contains("has room again and goes on");
      assertThat(disk.file("out")).hasSameBinaryContentAs(in);
    }
  }

  @Test
  void aReceiversSpoolOnAFullDiskWaitsForRoomAndTheTransferEndsByItself() throws Exception {
    Path gate = folder.resolve("gate");
    String program = "while [ ! -e " + gate + " ]; do sleep 0.1; done; exec cat > " + out;
    try (SmallDisk disk = SmallDisk.make(folder, 24);
        CommandProcess receiver =
            disk.start(listen, "exec:sh", "arg=-c", "arg=" + program, "--spool", disk.name("q"));
        CommandProcess sender = CommandProcess.start("-", dial)) {
      sender.feed(first());
      Path ballast = fillBehindSpool(disk);
      feedRest(sender);
      receiver.awaitSaid("the spool " + disk.name("q") + " is full: ");
      assertThat(sender.isAlive()).isTrue();
      Files.delete(ballast);
      receiver.awaitSaid("the spool " + disk.name("q") + " has room again, and goes on");
      Files.createFile(gate);
      assertEndWell(sender, receiver);
      assertThat(out).hasSameBinaryContentAs(in);
    }
  }

  @Test
  void aSendersSpoolOnAFullDiskWaitsForRoomAndTheTransferEndsByItself() throws Exception {
    try (SmallDisk disk = SmallDisk.make(folder, 24);
        CommandProcess sender = disk.start("-", dial, "--spool", disk.name("q"))) {
      sender.feed(first());
      Path ballast = fillBehindSpool(disk);
      feedRest(sender);
      sender.awaitSaid("the spool " + disk.name("q") + " is full: ");
      Files.delete(ballast);
      sender.awaitSaid("the spool " + disk.name("q") + " has room again, and goes on");
      assertArrives(sender);
    }
  }

  @Test
  void aSpoolThatFindsNoInodeWaitsForOne() throws Exception {
    try (SmallDisk disk = SmallDisk.make(folder, 24, "-N", "64");
        CommandProcess sender = disk.start("-", dial, "--spool", disk.name("q"))) {
      sender.feed(first());
      Waiting.until(() -> bytesIn(disk.file("q")) > 0);
      Path used = disk.useInodes("used");
      feedRest(sender);
      sender.awaitSaid("the spool " + disk.name("q") + " is full: ");
      Files.delete(used.resolve("0"));
      Files.delete(used.resolve("1"));
      Files.delete(used.resolve("2"));
      sender.awaitSaid("the spool " + disk.name("q") + " has room again, and goes on");
      assertArrives(sender);
    }
  }

  /** What fills the disk may be the spool itself: only who starts again can empty it. */
  @Test
  void aSpoolOnAFullDiskIsEmptiedByTheNextStart() throws Exception {
    try (SmallDisk disk = SmallDisk.make(folder, 24)) {
      String[] words = {"-", dial, "--spool", disk.name("q"), "--restarted", "replay"};
      Path ballast;
      try (CommandProcess sender = disk.start(words)) {
        sender.feed(first());
        ballast = fillBehindSpool(disk);
        feed(sender, Arrays.copyOfRange(content, FIRST_BYTES, CONTENT_BYTES));
        sender.awaitSaid("the spool " + disk.name("q") + " is full: ");
        sender.signal("KILL").exitCode();
      }
      disk.fill("more");
      try (CommandProcess sender = disk.start(words);
          CommandProcess receiver = CommandProcess.start(listen, out.toString(), "resume")) {
        Waiting.until(() -> bytesOf(out) >= FIRST_BYTES);
        feed(sender, content);
        sender.awaitSaid("the spool " + disk.name("q") + " is full: ");
        Files.delete(ballast);
        assertEndWell(sender, receiver);
      }
      assertThat(out).hasSameBinaryContentAs(in);
    }
  }

  @Test
  void aSpoolThatCannotBeMadeOnAFullDiskIsRefused() throws Exception {
    try (SmallDisk disk = SmallDisk.make(folder, 12)) {
      Path ballast = disk.fill("ballast");
      String[] words = {in.toString(), dial, "--spool", disk.name("q")};
      try (CommandProcess sender = disk.start(words)) {
        assertThat(sender.exitCode()).as(sender::err).isEqualTo(4);
        assertThat(sender.err())
            .contains(disk.name("q"), ": No space left on device. Make room, then start the same");
      }
      Files.delete(ballast);
      try (CommandProcess sender = disk.start(words)) {
        assertArrives(sender);
      }
    }
  }

  @Test
  void aFileOnADiskThatTurnsReadOnlyEndsAndGoesOnWhenItIsMended() throws Exception {
    try (SmallDisk disk = SmallDisk.make(folder, 24)) {
      String[] receiving = {listen, disk.name("out"), "resume"};
      String[] sending = {"-", dial, "--session", "s", "--restarted", "replay"};
      try (CommandProcess receiver = disk.start(receiving);
          CommandProcess sender = CommandProcess.start(home(), sending)) {
        sender.feed(first());
        Waiting.until(() -> bytesOf(disk.file("out")) > 0);
        disk.fail();
        feedRest(sender);
        assertThat(receiver.exitCode()).as(receiver::err).isEqualTo(5);
        assertThat(receiver.err())
            .contains(disk.name("out") + " cannot be ", ": Read-only file system. ")
            .contains("What was acknowledged is on the device; look at the device");
        assertThat(sender.exitCode()).as(sender::err).isEqualTo(6);
        assertThat(sender.err()).contains("the peer gave up", "Read-only file system");
      }
      disk.mend();
      try (CommandProcess receiver = disk.start(receiving);
          CommandProcess sender = CommandProcess.start(home(), sending)) {
        feed(sender, content);
        assertEndWell(sender, receiver);
      }
      assertThat(disk.file("out")).hasSameBinaryContentAs(in);
    }
  }

  @Test
  void aSendersSpoolOnADiskThatTurnsReadOnlyEndsAndGoesOnWhenItIsMended() throws Exception {
    try (SmallDisk disk = SmallDisk.make(folder, 24)) {
      String[] words = {"-", dial, "--spool", disk.name("q"), "--restarted", "replay"};
      try (CommandProcess sender = disk.start(words)) {
        sender.feed(first());
        Waiting.until(() -> bytesIn(disk.file("q")) > 0);
        disk.fail();
        feed(sender, Arrays.copyOfRange(content, FIRST_BYTES, CONTENT_BYTES));
        assertThat(sender.exitCode()).as(sender::err).isEqualTo(5);
        assertThat(sender.err())
            .contains("the spool " + disk.name("q") + " cannot be trusted any more (");
      }
      disk.mend();
      try (CommandProcess sender = disk.start(words)) {
        feed(sender, content);
        assertArrives(sender);
      }
    }
  }

  @Test
  void aReceiversSpoolOnADiskThatTurnsReadOnlyEndsAndGoesOnWhenItIsMended() throws Exception {
    try (SmallDisk disk = SmallDisk.make(folder, 24)) {
      String[] receiving = {
        listen, "exec:sh", "arg=-c", "arg=cat > " + out, "--spool", disk.name("q")
      };
      String[] sending = {"-", dial, "--session", "s", "--restarted", "replay"};
      try (CommandProcess receiver = disk.start(receiving);
          CommandProcess sender = CommandProcess.start(home(), sending)) {
        sender.feed(first());
        Waiting.until(() -> bytesIn(disk.file("q")) > 0);
        disk.fail();
        feed(sender, Arrays.copyOfRange(content, FIRST_BYTES, CONTENT_BYTES));
        assertThat(receiver.exitCode()).as(receiver::err).isEqualTo(5);
        assertThat(receiver.err())
            .contains("the spool " + disk.name("q") + " cannot be trusted any more (");
        assertThat(sender.exitCode()).as(sender::err).isEqualTo(6);
      }
      disk.mend();
      try (CommandProcess receiver = disk.start(receiving);
          CommandProcess sender = CommandProcess.start(home(), sending)) {
        feed(sender, content);
        assertThat(sender.exitCode()).as(sender::err).isZero();
        assertThat(receiver.exitCode()).as(receiver::err).isIn(0, 6);
      }
      assertThat(out).hasSameBinaryContentAs(in);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rm -r q", "rm -r q/*", "mv q other"})
  void aSpoolThatIsTakenAwayUnderAPipeEndsItWithTheReason(String command) throws Exception {
    Path spool = folder.resolve("q");
    try (CommandProcess sender = CommandProcess.start("-", dial, "--spool", spool.toString())) {
      sender.feed(first());
      Waiting.until(() -> bytesIn(spool) > 0);
      ProcessBuilder taking = new ProcessBuilder("sh", "-c", command).directory(folder.toFile());
      Waiting.until(() -> taking.start().waitFor() == 0);
      feedRest(sender);
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(5);
      assertThat(sender.err()).contains("the spool " + spool + " cannot be trusted any more (");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"resume", "overwrite"})
  void aFileThatMayNotGrowFurtherEndsThePipe(String word) throws Exception {
    List<String> limit = List.of("sh", "-c", "ulimit -f 2048; exec \"$@\"", "sh");
    try (CommandProcess receiver = CommandProcess.startBy(limit, listen, out.toString(), word);
        CommandProcess sender = CommandProcess.start(in.toString(), dial)) {
      assertThat(receiver.exitCode()).as(receiver::err).isEqualTo(4);
      assertThat(receiver.err())
          .contains(out + " has no room left at position ", " (File too large); ");
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(6);
      assertThat(sender.err()).contains("the peer gave up", "(File too large)");
    }
    assertThat(Files.size(out)).isLessThanOrEqualTo(2048 * 512);
  }

  /** Waits until something is in the spool, and leaves it no room for more segments. */
  private static Path fillBehindSpool(SmallDisk disk) throws IOException {
    Waiting.until(() -> bytesIn(disk.file("q")) > 0);
    return disk.fill("ballast");
  }

  private void assertArrives(CommandProcess sender) throws Exception {
    try (CommandProcess receiver = CommandProcess.start(listen, out.toString(), "resume")) {
      assertEndWell(sender, receiver);
    }
    assertThat(out).hasSameBinaryContentAs(in);
  }

  private static void assertEndWell(CommandProcess sender, CommandProcess receiver)
      throws InterruptedException {
    assertThat(sender.exitCode()).as(sender::err).isZero();
    assertThat(receiver.exitCode()).as(receiver::err).isZero();
  }

  private byte[] first() {
    return Arrays.copyOf(content, FIRST_BYTES);
  }

  private void feedRest(CommandProcess process) {
    feed(process, Arrays.copyOfRange(content, FIRST_BYTES, CONTENT_BYTES));
  }

  /** In the background, because it waits where the pipe does; the end of its input follows. */
  private static void feed(CommandProcess process, byte[] bytes) {
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            process.feed(bytes).endInput();
          } catch (IOException e) {
            // It ended before it had read all, as the test wants it to.
          }
        });
  }

  private Map<String, String> home() {
    return Map.of("XDG_STATE_HOME", folder.resolve("state").toString());
  }

  private static long bytesOf(Path file) throws IOException {
    return Files.exists(file) ? Files.size(file) : 0;
  }

  private static long bytesIn(Path spool) throws IOException {
    long bytes = 0;
    if (Files.exists(spool)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(spool, "*.seg")) {
        for (Path each : files) {
          bytes += Files.size(each);
        }
      }
    }
    return bytes;
  }
}
