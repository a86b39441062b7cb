package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian's tinyproxy as the HTTP proxy on the way out, which wants a password. */
final class TinyproxyTest {
  private static final Path PROGRAM = Path.of("/usr/bin/tinyproxy");
  private static final int FILE_BYTES = 16 << 20;
  private static final int RESTARTS = 3;

  @TempDir private Path folder;
  private @Nullable Process proxy;
  private int port;

  @BeforeEach
  void look() {
    assumeTrue(Files.isExecutable(PROGRAM), "no tinyproxy");
  }

  @AfterEach
  void stop() throws InterruptedException {
    Process running = proxy;
    if (running != null) {
      running.destroy();
      running.waitFor();
    }
  }

  @Test
  void aPipeOutlivesRestartsOfTheProxy() throws Exception {
    byte[] bytes = new byte[FILE_BYTES];
    new Random(7).nextBytes(bytes);
    Path received = folder.resolve("received");
    try (CommandProcess receiver =
        CommandProcess.start("ws-listen://127.0.0.1:0/orders", received.toString())) {
      int behind = receiver.awaitPort();
      configure(behind);
      start();
      try (CommandProcess sender =
          CommandProcess.start(
              "-", "ws://127.0.0.1:" + behind + "/orders", proxyWord("me:secret@"))) {
        int fed = 0;
        for (int count = 1; count <= RESTARTS; count++) {
          int enough = FILE_BYTES / (RESTARTS + 2) * count;
          int more = FILE_BYTES / (RESTARTS + 2) * (count + 1);
          // It is not through before the last restart, however long that takes.
          sender.feed(Arrays.copyOfRange(bytes, fed, more));
          fed = more;
          Waiting.until(() -> {
            assertThat(sender.isAlive()).as(sender::err).isTrue();
            return Files.exists(received) && Files.size(received) > enough;
          });
          stop();
          start();
        }
        sender.feed(Arrays.copyOfRange(bytes, fed, FILE_BYTES)).endInput();
        assertThat(sender.exitCode()).as(sender::err).isZero();
        assertThat(receiver.exitCode()).as(receiver::err).isZero();
        assertThat(sender.err()).containsPattern("resumes +[3-9]\n").doesNotContain("secret");
      }
    }
    assertThat(received).hasBinaryContent(bytes);
  }

  /** The proxy sees TLS pass, and a proof that is tied to it holds from end to end. */
  @Test
  void aTokenIsTiedToTheTlsThatPassesThrough() throws Exception {
    Path token = folder.resolve("token");
    Files.writeString(token, "web1:0123456789abcdef0123456789abcdef\n");
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    Path received = folder.resolve("received");
    try (CommandProcess receiver =
        CommandProcess.start(
            "wss-listen://127.0.0.1:0/orders", "tokens=" + token, received.toString())) {
      int behind = receiver.awaitPort();
      configure(behind);
      start();
      String address = "wss://127.0.0.1:" + behind + "/orders";
      String known = "known-hosts=" + folder.resolve("known_hosts");
      try (CommandProcess sender =
          CommandProcess.start(
              "-", address, "accept-new", known, "token=@" + token, proxyWord("me:secret@"))) {
        sender.feed(new byte[] {1, 2, 3}).endInput();
        assertThat(sender.exitCode()).as(sender::err).isZero();
        assertThat(receiver.exitCode()).as(receiver::err).isZero();
        assertThat(sender.err()).doesNotContain("binding=none").doesNotContain("secret");
      }
    }
    assertThat(received).hasBinaryContent(new byte[] {1, 2, 3});
  }

  @Test
  void whatTheProxyRefusesIsSaidInOneLine() throws Exception {
    int behind = freePort();
    configure(behind);
    start();
    for (String userInfo : List.of("", "me:wrong@")) {
      assertRefused(
          "ws://127.0.0.1:" + behind + "/orders",
          proxyWord(userInfo),
          "say who you are: proxy=http://user:password@host:port");
    }
    assertRefused("ws://127.0.0.1:1/orders", proxyWord("me:secret@"), "answered 'HTTP/1.1 403");
  }

  private static void assertRefused(String address, String proxyWord, String said)
      throws Exception {
    try (CommandProcess sender = CommandProcess.start("-", address, proxyWord)) {
      sender.feed(new byte[] {9});
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(4);
      assertThat(sender.err().lines().filter(line -> line.contains(said)))
          .as(sender::err)
          .hasSize(1);
      assertThat(sender.err()).doesNotContain("secret", "wrong", "\tat ");
    }
  }

  private String proxyWord(String userInfo) {
    return "proxy=http://" + userInfo + "127.0.0.1:" + port;
  }

  private void configure(int allowed) throws IOException {
    port = freePort();
    Files.writeString(
        folder.resolve("tinyproxy.conf"),
        """
        Port %d
        Listen 127.0.0.1
        Allow 127.0.0.1
        Timeout 60
        MaxClients 20
        BasicAuth me secret
        ConnectPort %d
        LogFile "%s/tinyproxy.log"
        PidFile "%s/tinyproxy.pid"
        """
            .formatted(port, allowed, folder, folder));
  }

  private void start() throws IOException {
    Process started =
        new ProcessBuilder(PROGRAM.toString(), "-d", "-c", folder + "/tinyproxy.conf")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("tinyproxy.out").toFile())
            .start();
    proxy = started;
    Waiting.until(() -> {
      assertThat(started.isAlive()).as(() -> read("tinyproxy.out")).isTrue();
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return socket.isConnected();
      } catch (IOException e) {
        return false;
      }
    });
  }

  private String read(String file) {
    try {
      return Files.readString(folder.resolve(file));
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }
}
