package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An ext4 of a few MiB, that only those processes see that are started on it.
 *
 * <p>It lies in a file and is mounted by a process in a mount namespace of its own: when that one
 * is gone, however the test ends, so are the mount and its loop device. The kernel makes it
 * read-only when it meets an error in it, as it does with the disks of most hosts.
 */
final class SmallDisk implements AutoCloseable {
  private final Path image;
  private final Path place;
  private final Process holder;
  private final Path seen;

  private SmallDisk(Path image, Path place, Process holder) {
    this.image = image;
    this.place = place;
    this.holder = holder;
    this.seen = Path.of("/proc/" + holder.pid() + "/root" + place);
  }

  /** Makes one of so many MiB; the test is skipped where this user may not mount any. */
  static SmallDisk make(Path folder, int lengthMib, String... options)
      throws IOException, InterruptedException {
    Path image = folder.resolve("disk.img");
    List<String> make = new ArrayList<>(List.of("mkfs.ext4", "-q", "-F", "-m", "0"));
    make.addAll(List.of(options));
    make.addAll(List.of(image.toString(), lengthMib + "M"));
    assumeTrue(run(make) == 0, "mkfs.ext4 is not installed");
    Path place = Files.createDirectory(folder.resolve("disk"));
    Process holder =
        new ProcessBuilder(
                "unshare",
                "--mount",
                "sh",
                "-c",
                "mount -o loop,errors=remount-ro " + "\"$0\" \"$1\" && echo mounted && read -r _",
                image.toString(),
                place.toString())
            .redirectErrorStream(true)
            .start();
    // Not closed: that would close the pipe that the holder reads from, too.
    BufferedReader said = holder.inputReader(StandardCharsets.UTF_8);
    String first = said.readLine();
    boolean mounted = "mounted".equals(first);
    if (!mounted) {
      holder.destroyForcibly();
    }
    assumeTrue(mounted, "no right to mount a file system: " + first);
    return new SmallDisk(image, place, holder);
  }

  /** What a process on it calls a file. */
  String name(String file) {
    return place.resolve(file).toString();
  }

  /** The same file, as the test sees it. */
  Path file(String name) {
    return seen.resolve(name);
  }

  /** Starts the command on it. */
  CommandProcess start(String... words) throws IOException {
    return CommandProcess.startBy(entering(), words);
  }

  /** What starts a program on it. */
  List<String> entering() {
    return List.of("nsenter", "--mount", "--target", String.valueOf(holder.pid()), "--");
  }

  /** Fills it with a file, to the last block. */
  Path fill(String name) throws IOException {
    Path ballast = file(name);
    byte[] block = new byte[4096];
    try (var out = Files.newOutputStream(ballast)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      assertThat(e).hasMessage("No space left on device");
    }
    return ballast;
  }

  /** Uses its inodes up; the folder with what has them. */
  Path useInodes(String name) throws IOException {
    Path folder = Files.createDirectory(file(name));
    try {
      for (int number = 0; ; number++) {
        Files.createFile(folder.resolve("" + number));
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left on device");
    }
    return folder;
  }

  /** The kernel meets an error in it, and lets nobody write to it any more. */
  void fail() throws IOException, InterruptedException {
    Process losetup = new ProcessBuilder("losetup", "-n", "-O", "NAME", "-j", image + "").start();
    String device = new String(losetup.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Path name = Path.of(device.strip()).getFileName();
    Files.writeString(Path.of("/sys/fs/ext4/" + name + "/trigger_fs_error"), "test");
  }

  /** A person mounts it again, after the check that such an error asks for. */
  void mend() throws IOException, InterruptedException {
    assertThat(onIt("umount", place.toString())).isZero();
    assertThat(run(List.of("e2fsck", "-p", "-f", image.toString()))).isLessThan(4);
    assertThat(onIt("mount", "-o", "loop,errors=remount-ro", image.toString(), place.toString()))
        .isZero();
  }

  /** Runs a program on it; its exit code. */
  int onIt(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(entering());
    command.addAll(List.of(words));
    return run(command);
  }

  @Override
  public void close() throws IOException {
    holder.destroyForcibly();
    try {
      assertThat(holder.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int run(List<String> command) throws IOException, InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(() -> command + "").isTrue();
      return process.exitValue();
    } catch (IOException e) {
      return -1; // no such program
    }
  }
}
