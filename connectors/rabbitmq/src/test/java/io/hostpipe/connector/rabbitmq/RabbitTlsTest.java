package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.testkit.servers.RabbitServer;
import io.hostpipe.testkit.tls.TestAuthority;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that encrypts, shows who it is, and asks who comes. */
final class RabbitTlsTest {
  private static final String PASSWORD = "hidden-word";

  @TempDir private static Path folder;

  private static TestAuthority authority;
  private static RabbitServer server;
  private static int port;
  private static String own;

  private TestQueue queue;
  private String trusting;

  @BeforeAll
  static void startServer() throws Exception {
    authority = new TestAuthority(Files.createDirectory(folder.resolve("keys")), "authority");
    Path shown = authority.issue("server", "127.0.0.1").file();
    own = authority.issue("client", "client.example").file().toString();
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    server =
        RabbitServer.start(
            Files.createDirectory(folder.resolve("server")),
            "listeners.ssl.1 = 127.0.0.1:" + port,
            "ssl_options.cacertfile = " + authority.file(),
            "ssl_options.certfile = " + shown,
            "ssl_options.keyfile = " + shown,
            "ssl_options.verify = verify_peer",
            "ssl_options.fail_if_no_peer_cert = true");
    server.administer("add_user", "alice", PASSWORD);
    server.administer("set_permissions", "alice", ".*", ".*", ".*");
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void start() {
    queue = new TestQueue(server);
    trusting = "ca=" + authority.file() + "&cert=" + own;
  }

  @AfterEach
  void stop() throws Exception {
    queue.close();
  }

  @Test
  void whatIsWrittenOverTlsIsReadAndLookedThroughOverTls() throws Exception {
    Sink sink = queue.sink("numbers", address("amqps", trusting));
    TestQueue.writeNumbers(sink, 1, 1_000);
    sink.finish();
    List<Long> letters = new ArrayList<>();
    try (Letterbox box = queue.letterbox(address("amqp", "tls&" + trusting))) {
      box.forEach((number, payload, headers) -> letters.add(number));
    }
    assertThat(letters).hasSize(1_000).doesNotHaveDuplicates();
    Source source = queue.source(address("amqps", "until=empty&" + trusting));
    assertThat(TestQueue.read(source, Integer.MAX_VALUE, true).texts())
        .isEqualTo(TestQueue.numbers(1, 1_000));
  }

  @Test
  void aServerForWhomNobodyVouchesIsRefused() throws Exception {
    TestAuthority other = new TestAuthority(Files.createTempDirectory(folder, "other"), "stranger");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open(address("amqps", "ca=" + other.file() + "&cert=" + own)))
        .withMessageContaining("the certificate of the server is not trusted")
        .withMessageContaining("ca=PATH")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open(address("amqps", "cert=" + own)))
        .withMessageContaining("(now: system)");
  }

  @Test
  void aServerWithTheCertificateOfAnotherHostIsRefused() {
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open(address("amqps", "alice:" + PASSWORD, "localhost", trusting)))
        .withMessageContaining("the certificate of the server is not trusted")
        .withMessageContaining("localhost")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED));
  }

  @Test
  void whoShowsNoCertificateIsToldThatOneWasAskedFor() {
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> open(address("amqps", "ca=" + authority.file())))
        .withMessageContaining("asked for a certificate of this side (cert=PATH)");
  }

  @Test
  void aCertificateThatTheServerDoesNotTrustIsNamed() throws Exception {
    Path stranger =
        new TestAuthority(Files.createTempDirectory(folder, "other"), "stranger")
            .issue("client", "client.example")
            .file();
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> open(address("amqps", "ca=" + authority.file() + "&cert=" + stranger)))
        .withMessageContaining("was shown the certificate of " + stranger);
  }

  @Test
  void aWrongPasswordIsRefusedAndNotShown() {
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open(address("amqps", "alice:guessed-word", "127.0.0.1", trusting)))
        .withMessageContaining("the server wants another user or password")
        .satisfies(e -> {
          assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED);
          for (Throwable each = e; each != null; each = each.getCause()) {
            assertThat(String.valueOf(each.getMessage())).doesNotContain("guessed-word");
          }
        });
  }

  @Test
  void whoEncryptsAndWhoDoesNotAreTold() {
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> open(address("amqp", "in-flight=1")))
        .withMessageContaining("is the port its client port? One that encrypts wants amqps");
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> {
          Address plain =
              Address.parse("amqps://127.0.0.1:" + server.port() + "/x?ca=" + authority.file());
          new RabbitConnector().check(plain, true);
        })
        .withMessageContaining("is the port its client port?");
  }

  /** One try, as each that a pipe makes. */
  private static void open(Address address) throws Exception {
    RabbitConnection.open(QueueOptions.of(address, false), why -> {}).close();
  }

  private Address address(String scheme, String query) throws PipeException {
    return address(scheme, "alice:" + PASSWORD, "127.0.0.1", query);
  }

  private Address address(String scheme, String user, String host, String query)
      throws PipeException {
    return Address.parse(
        scheme + "://" + user + "@" + host + ":" + port + "/" + queue.name() + "?" + query);
  }
}
