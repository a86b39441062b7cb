package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that remembers, on a real file system that is small, full, or not to be written. */
final class FileFaultsTest {
  private static final int CONTENT_BYTES = 3 << 20;

  @TempDir private Path folder;
  private Path disk;
  private Path in;

  @BeforeEach
  void mountSmallDisk() throws IOException, InterruptedException {
    disk = Files.createDirectory(folder.resolve("disk"));
    byte[] content = new byte[CONTENT_BYTES];
    new Random(1).nextBytes(content);
    in = Files.write(folder.resolve("in"), content);
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk.toString()) == 0,
        "no right to mount a file system");
  }

  @AfterEach
  void unmount() throws IOException, InterruptedException {
    run("umount", "-l", disk.toString());
  }

  @Test
  void aFullDiskIsWaitedForAndTheTransferEndsByItself() throws Exception {
    Path ballast = Files.write(disk.resolve("ballast"), new byte[2 << 20]);
    Path out = disk.resolve("out");
    try (CommandProcess receiver =
        CommandProcess.start("tcp-listen://127.0.0.1:0/x", out.toString(), "resume")) {
      int port = receiver.awaitPort();
      try (CommandProcess sender =
          CommandProcess.start(in.toString(), "tcp://127.0.0.1:" + port + "/x")) {
        receiver.awaitSaid(out + " is full (No space left on device); it waits for room");
        assertThat(sender.isAlive()).isTrue();
        Files.delete(ballast);
        assertThat(sender.exitCode()).as(sender::err).isZero();
      }
      assertThat(receiver.exitCode()).as(receiver::err).isZero();
      assertThat(receiver.err()).contains("has room again and goes on");
      assertThat(receiver.err().split("is full", -1)).hasSize(2);
    }
    assertThat(out).hasSameBinaryContentAs(in);
  }

  @Test
  void whoIsKilledOnAFullDiskGoesOnWhenThereIsRoom() throws Exception {
    Path ballast = Files.write(disk.resolve("ballast"), new byte[2 << 20]);
    Path out = disk.resolve("out");
    try (CommandProcess copy = CommandProcess.start(in.toString(), out.toString(), "resume")) {
      copy.awaitSaid("it waits for room");
      copy.signal("KILL");
      assertThat(copy.exitCode()).isNotZero();
    }
    Files.delete(ballast);
    try (CommandProcess copy = CommandProcess.start(in.toString(), out.toString(), "resume")) {
      assertThat(copy.exitCode()).as(copy::err).isZero();
    }
    assertThat(out).hasSameBinaryContentAs(in);
  }

  @Test
  void aReadOnlyFileSystemIsRefusedBeforeAnythingIsAsked() throws Exception {
    Path out = disk.resolve("out");
    assertThat(run("mount", "-o", "remount,ro", disk.toString())).isZero();
    try (CommandProcess copy = CommandProcess.start(in.toString(), out.toString(), "resume")) {
      assertThat(copy.exitCode()).isEqualTo(4);
      assertThat(copy.err()).contains(out.toString(), "Read-only file system");
    }
  }

  @Test
  void killedAgainAndAgainItHasEveryByteOnce() throws Exception {
    Path large = folder.resolve("large");
    Random random = new Random(2);
    byte[] content = new byte[24 << 20];
    random.nextBytes(content);
    Files.write(large, content);
    Path out = folder.resolve("out");
    for (int kill = 1; kill <= 4; kill++) {
      try (CommandProcess copy =
          CommandProcess.start(large.toString(), out.toString(), "resume", "--rate", "4MB/s")) {
        long before = Files.exists(out) ? Files.size(out) : 0;
        Waiting.until(
            () -> !copy.isAlive() || (Files.exists(out) && Files.size(out) >= before + (1 << 20)));
        copy.signal("KILL");
        assertThat(copy.exitCode()).as(copy::err).isNotZero();
      }
    }
    try (CommandProcess copy =
        CommandProcess.start(large.toString(), out.toString(), "resume", "--require", "once")) {
      assertThat(copy.exitCode()).as(copy::err).isZero();
    }
    assertThat(out).hasSameBinaryContentAs(large);
  }

  @Test
  void noSlotIsWrittenBeforeItsDataIsSynced() throws Exception {
    assumeTrue(run("strace", "-V") == 0, "no strace");
    Path traces = Files.createDirectory(folder.resolve("traces"));
    Path out = folder.resolve("out");
    List<String> strace =
        List.of(
            "strace",
            "-ff",
            "-y",
            "-qq",
            "-e",
            "trace=write,writev,pwrite64,fsync,fdatasync",
            "-o",
            traces.resolve("t").toString());
    try (CommandProcess copy =
        CommandProcess.startBy(strace, in.toString(), out.toString(), "resume")) {
      assertThat(copy.exitCode()).as(copy::err).isZero();
    }
    assertThat(out).hasSameBinaryContentAs(in);
    // One thread syncs: what it did is in one file, in its order.
    List<String> steps = new ArrayList<>();
    try (Stream<Path> threads = Files.list(traces)) {
      for (Path thread : threads.toList()) {
        List<String> lines = Files.readAllLines(thread);
        if (lines.stream()
            .anyMatch(line -> line.startsWith("fdatasync") && line.contains("out>"))) {
          lines.forEach(line -> addStep(line, steps));
          if (!steps.isEmpty() && steps.contains("slots")) {
            steps.add("/");
          }
        }
      }
    }
    String all = String.join(" ", steps);
    assertThat(all).contains("data-sync slots slots-sync");
    assertThat(all.replace("data-sync slots slots-sync", "").replace("/", "").strip())
        .as(all)
        .doesNotContain("slots");
  }

  private static void addStep(String line, List<String> steps) {
    boolean sync = line.startsWith("fdatasync") || line.startsWith("fsync");
    if (line.contains("/out>")) {
      if (sync) {
        steps.add("data-sync");
      }
    } else if (line.contains("/out.hostpipe>")) {
      steps.add(sync ? "slots-sync" : "slots");
    }
  }

  private static int run(String... command) throws IOException, InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(() -> List.of(command) + "").isTrue();
      return process.exitValue();
    } catch (IOException e) {
      return -1; // no such program
    }
  }
}
