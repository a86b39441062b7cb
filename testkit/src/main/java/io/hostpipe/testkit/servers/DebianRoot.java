package io.hostpipe.testkit.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.opentest4j.TestAbortedException;

/**
 * The files of a later Debian in a folder of their own, with servers that are newer than those of
 * this system; {@code ./test} puts them there where it may. What is started there sees devices,
 * processes and the network as they are here, and of all other folders only that of its test.
 *
 * <p>Thread rule: one thread.
 */
final class DebianRoot {
  /** With the folder of the root, that of the test, the program, and its arguments. */
  private static final String ENTER =
      """
      root=$1 folder=$2; shift 2
      mkdir -p "$root/dev" "$root/proc" "$root/tmp" &&
        mount --rbind /dev "$root/dev" && mount --rbind /proc "$root/proc" &&
        mount -t tmpfs none "$root/tmp" && mkdir -p "$root$folder" &&
        mount --bind "$folder" "$root$folder" && exec chroot "$root" "$@"
      """;

  private final Path folder;
  private final List<String> isolation;

  private DebianRoot(Path folder, List<String> isolation) {
    this.folder = folder;
    this.isolation = isolation;
  }

  /**
   * The one of this name.
   *
   * @param program that it has to have
   * @throws TestAbortedException when it is not there, or nothing can be started in it
   */
  static DebianRoot find(String name, String program) throws IOException, InterruptedException {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path folder =
        (cache == null || cache.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".cache")
                : Path.of(cache))
            .resolve("hostpipe-test")
            .resolve(name)
            .toAbsolutePath();
    if (!Files.exists(folder.resolve(program.substring(1)))) {
      throw new TestAbortedException(
          "needs "
              + program
              + " in "
              + folder
              + ", which ./test makes as root with mmdebstrap where the mirror of apt has Debian 13");
    }
    for (List<String> how :
        List.of(List.of("unshare", "--mount"), List.of("unshare", "--map-root-user", "--mount"))) {
      if (succeeds(how)) {
        return new DebianRoot(folder, how);
      }
    }
    throw new TestAbortedException("needs the right to mount in a name space of its own (unshare)");
  }

  /**
   * The command that starts a program there: all of it becomes that program.
   *
   * @param visible the folder that it shares with this system, under the same name
   */
  List<String> command(Path visible, List<String> program) {
    List<String> command = new ArrayList<>(isolation);
    command.addAll(List.of("sh", "-c", ENTER, "sh", folder.toString(), visible.toString()));
    command.addAll(program);
    return command;
  }

  private static boolean succeeds(List<String> isolation) throws InterruptedException {
    List<String> command = new ArrayList<>(isolation);
    command.addAll(List.of("mount", "-t", "tmpfs", "none", "/tmp"));
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
