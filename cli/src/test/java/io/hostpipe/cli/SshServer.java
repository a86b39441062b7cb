package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real sshd on a port of its own, which lets one key in, and a hostpipe for whoever comes. */
final class SshServer implements AutoCloseable {
  private static final Path SSHD = Path.of("/usr/sbin/sshd");

  private final Path folder;
  private final int port;
  private final Process process;

  /** Starts one that keeps everything in this folder, the home of those who log in included. */
  SshServer(Path folder) throws IOException, InterruptedException {
    assumeTrue(Files.exists(SSHD), "openssh-server is not installed");
    this.folder = folder;
    this.port = freePort();
    keygen("hostkey");
    keygen("id");
    Files.createDirectories(home());
    Files.writeString(
        folder.resolve("sshd_config"),
        """
        Port %d
        ListenAddress 127.0.0.1
        HostKey %s/hostkey
        AuthorizedKeysFile %s/id.pub
        StrictModes no
        UsePAM no
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        PidFile none
        """
            .formatted(port, folder, folder));
    Files.writeString(
        folder.resolve("ssh_config"),
        """
        IdentitiesOnly yes
        IdentityFile %s/id
        UserKnownHostsFile %s/known_hosts
        StrictHostKeyChecking accept-new
        LogLevel ERROR
        """
            .formatted(folder, folder));
    Path hostpipe = folder.resolve("hostpipe");
    List<String> command = new ArrayList<>(CommandProcess.builder().command());
    command.add(1, "-Duser.home=" + home());
    Files.writeString(hostpipe, "#!/bin/sh\nexec '" + String.join("' '", command) + "' \"$@\"\n");
    assertThat(hostpipe.toFile().setExecutable(true)).isTrue();
    // Where sshd drops its privileges to, when it has any.
    if (Files.isWritable(Path.of("/run"))) {
      Files.createDirectories(Path.of("/run/sshd"));
    }
    this.process =
        new ProcessBuilder(SSHD.toString(), "-D", "-e", "-f", folder + "/sshd_config")
            .redirectError(folder.resolve("sshd.log").toFile())
            .start();
    awaitPort();
  }

  /** The words of an address there: this host, this port, this key, this hostpipe. */
  String[] words(String name, String... more) {
    String[] words = new String[3 + more.length];
    words[0] = "ssh://127.0.0.1:" + port + "/" + name;
    words[1] = "config=" + folder.resolve("ssh_config");
    words[2] = "hostpipe=" + folder.resolve("hostpipe");
    System.arraycopy(more, 0, words, 3, more.length);
    return words;
  }

  /** The home of whoever logs in, as far as hostpipe is concerned. */
  Path home() {
    return folder.resolve("home");
  }

  /** Breaks every connection there is, as a network does: the far programs are not asked. */
  long cut() {
    return process.children().filter(ProcessHandle::destroyForcibly).count();
  }

  @Override
  public void close() {
    cut();
    process.destroyForcibly();
  }

  private void keygen(String name) throws IOException, InterruptedException {
    Process keygen =
        new ProcessBuilder("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder + "/" + name)
            .start();
    assertThat(keygen.waitFor()).isZero();
  }

  private void awaitPort() throws IOException, InterruptedException {
    while (true) {
      try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (IOException e) {
        assertThat(process.waitFor(20, TimeUnit.MILLISECONDS)).as(() -> "sshd ended").isFalse();
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
