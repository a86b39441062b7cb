package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostpipe.runtime.tls.Identity;
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

/** Debian's nginx as the reverse proxy between two hostpipes, with a configuration of its own. */
final class NginxTest {
  private static final Path PROGRAM = Path.of("/usr/sbin/nginx");
  private static final int FILE_BYTES = 24 << 20;
  private static final int RESTARTS = 5;

  @TempDir private Path folder;
  private @Nullable Process nginx;
  private int port;

  @BeforeEach
  void look() {
    assumeTrue(Files.isExecutable(PROGRAM), "no nginx");
  }

  @AfterEach
  void stop() throws InterruptedException {
    Process running = nginx;
    if (running != null) {
      running.destroy();
      running.waitFor();
    }
  }

  @Test
  void aPipeOutlivesFiveRestartsOfTheProxy() throws Exception {
    transfer(false, "");
  }

  @Test
  void anEncryptedPipeOutlivesFiveRestartsOfTheProxyThatEndsTls() throws Exception {
    Path key = folder.resolve("nginx.pem");
    transfer(true, "&peer=" + Identity.ofHost(key).fingerprint());
  }

  /** The proxy sits in between: a proof that is tied to TLS does not get past it. */
  @Test
  void aTokenPassesTheProxyThatEndsTlsWhereBothSidesKnowOfIt() throws Exception {
    Path token = folder.resolve("token");
    Files.writeString(token, "web1:0123456789abcdef0123456789abcdef\n");
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    String pin = "&peer=" + Identity.ofHost(folder.resolve("nginx.pem")).fingerprint();
    Path received = folder.resolve("received");
    try (CommandProcess receiver =
        CommandProcess.start(
            "ws-listen://127.0.0.1:0/orders?binding=none&tokens=" + token, received.toString())) {
      port = freePort();
      configure(receiver.awaitPort(), true);
      start();
      String address = "wss://127.0.0.1:" + port + "/pipes/orders?name=orders" + pin;
      assertRefused(address, "this listener wants a token");
      assertRefused(address + "&token=@" + token, "binding=none");
      try (CommandProcess sender =
          CommandProcess.start("-", address + "&binding=none&token=@" + token)) {
        sender.feed(new byte[] {1, 2, 3}).endInput();
        assertThat(sender.exitCode()).as(sender::err).isZero();
        assertThat(receiver.exitCode()).as(receiver::err).isZero();
        for (CommandProcess each : List.of(sender, receiver)) {
          assertThat(each.err()).contains("binding=none: tokens keep strangers out");
        }
      }
    }
    assertThat(received).hasBinaryContent(new byte[] {1, 2, 3});
  }

  private static void assertRefused(String address, String said) throws Exception {
    try (CommandProcess sender = CommandProcess.start("-", address)) {
      sender.feed(new byte[] {9});
      assertThat(sender.exitCode()).as(sender::err).isEqualTo(4);
      assertThat(sender.err()).contains(said);
    }
  }

  private void transfer(boolean tls, String words) throws Exception {
    byte[] bytes = new byte[FILE_BYTES];
    new Random(7).nextBytes(bytes);
    Path received = folder.resolve("received");
    try (CommandProcess receiver =
        CommandProcess.start("ws-listen://127.0.0.1:0/orders", received.toString())) {
      port = freePort();
      configure(receiver.awaitPort(), tls);
      start();
      String address =
          (tls ? "wss" : "ws") + "://127.0.0.1:" + port + "/pipes/orders?name=orders" + words;
      try (CommandProcess sender = CommandProcess.start("-", address)) {
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
        assertThat(sender.err()).containsPattern("resumes +[5-9]\n");
        assertThat(digest(sender)).isEqualTo(digest(receiver));
      }
    }
    assertThat(received).hasBinaryContent(bytes);
  }

  private static String digest(CommandProcess process) {
    return process.err().replaceAll("(?s).*\n  digest +([^\n]*)\n.*", "$1");
  }

  private void configure(int behind, boolean tls) throws IOException {
    String own = folder.toString();
    Files.writeString(
        folder.resolve("nginx.conf"),
        """
        daemon off;
        user root;
        worker_processes 1;
        pid OWN/nginx.pid;
        error_log OWN/error.log;
        events {}
        http {
          access_log off;
          client_body_temp_path OWN/body;
          proxy_temp_path OWN/proxy;
          fastcgi_temp_path OWN/fastcgi;
          uwsgi_temp_path OWN/uwsgi;
          scgi_temp_path OWN/scgi;
          server {
            listen 127.0.0.1:PORT;
            location /pipes/ {
              proxy_pass http://127.0.0.1:BEHIND/;
              proxy_http_version 1.1;
              proxy_set_header Upgrade $http_upgrade;
              proxy_set_header Connection "upgrade";
            }
          }
        }
        """
            .replace(
                "PORT;",
                tls
                    ? "PORT ssl;\n    ssl_certificate OWN/nginx.pem;\n"
                        + "    ssl_certificate_key OWN/nginx.pem;\n    ssl_protocols TLSv1.3;"
                    : "PORT;")
            .replace("OWN", own)
            .replace("PORT", String.valueOf(port))
            .replace("BEHIND", String.valueOf(behind)));
  }

  private void start() throws IOException {
    Process started =
        new ProcessBuilder(
                PROGRAM.toString(), "-p", folder.toString(), "-c", folder + "/nginx.conf")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("nginx.out").toFile())
            .start();
    nginx = started;
    Waiting.until(() -> {
      assertThat(started.isAlive()).as(() -> read("nginx.out") + read("error.log")).isTrue();
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
