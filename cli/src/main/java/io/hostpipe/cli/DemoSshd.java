package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An sshd of the demo's own on a free port of loopback, with keys of its own: whatever this host
 * has set up for logins is neither used nor changed. Everything lies in the folder of the demo.
 */
final class DemoSshd {
  private static final Path SSHD = Path.of("/usr/sbin/sshd");

  /** Where sshd wants to drop its privileges to, when it was started with some. */
  private static final Path PRIVILEGES = Path.of("/run/sshd");

  private static final int LOOK_MILLIS = 20;

  private DemoSshd() {}

  /**
   * Starts it, and waits until it answers. It is ended with the processes.
   *
   * @return where it listens
   */
  static InetSocketAddress start(Path folder, DemoProcesses processes)
      throws IOException, InterruptedException {
    if (!Files.isExecutable(SSHD)) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          "over=ssh starts an sshd of its own, and there is no "
              + SSHD
              + "; install it (Debian: apt install openssh-server openssh-client), or choose"
              + " another carrier");
    }
    makeKey(folder.resolve("hostkey"));
    makeKey(folder.resolve("id"));
    int port = freePort();
    Files.writeString(
        folder.resolve("sshd_config"),
        """
        Port %d
        ListenAddress 127.0.0.1
        HostKey %2$s/hostkey
        AuthorizedKeysFile %2$s/id.pub
        StrictModes no
        UsePAM no
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        PidFile none
        """
            .formatted(port, folder));
    Files.writeString(
        config(folder),
        """
        IdentitiesOnly yes
        IdentityFile %1$s/id
        UserKnownHostsFile %1$s/known_hosts
        StrictHostKeyChecking accept-new
        LogLevel ERROR
        """
            .formatted(folder));
    String command = String.join("' '", DemoProcesses.ownCommand());
    Files.writeString(hostpipe(folder), "#!/bin/sh\nexec '" + command + "' \"$@\"\n");
    Files.setPosixFilePermissions(hostpipe(folder), PosixFilePermissions.fromString("rwx------"));
    if (Files.isWritable(PRIVILEGES.getParent())) {
      Files.createDirectories(PRIVILEGES);
    }
    File log = folder.resolve("sshd.log").toFile();
    Process process =
        processes.startOther(
            new ProcessBuilder(SSHD.toString(), "-D", "-e", "-f", folder + "/sshd_config")
                .redirectErrorStream(true)
                .redirectOutput(log));
    InetSocketAddress place = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    while (!answers(place)) {
      if (process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION, "sshd ended: " + Files.readString(log.toPath()).strip());
      }
    }
    return place;
  }

  /** What the ssh of the sender is configured with. */
  static Path config(Path folder) {
    return folder.resolve("ssh_config");
  }

  /** This command, as a login finds it. */
  static Path hostpipe(Path folder) {
    return folder.resolve("hostpipe");
  }

  private static void makeKey(Path file) throws IOException, InterruptedException {
    Process keygen;
    try {
      keygen =
          new ProcessBuilder(
                  List.of("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file.toString()))
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          "ssh-keygen cannot be started; install it (Debian: apt install openssh-client)",
          e);
    }
    String said = new String(keygen.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (keygen.waitFor() != 0) {
      throw new PipeException.Refused(Status.FAILED_PRECONDITION, "ssh-keygen: " + said.strip());
    }
  }

  private static boolean answers(InetSocketAddress place) {
    try (Socket socket = new Socket(place.getAddress(), place.getPort())) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
