package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.testkit.tls.TestAuthority;
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
  @TempDir private static Path folder;

  private static EncryptingServer server;

  private TestQueue queue;

  @BeforeAll
  static void startServer() throws Exception {
    server = EncryptingServer.start(folder, "listeners.ssl");
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void start() {
    queue = new TestQueue(server.server());
  }

  @AfterEach
  void stop() throws Exception {
    queue.close();
  }

  @Test
  void whatIsWrittenOverTlsIsReadAndLookedThroughOverTls() throws Exception {
    Sink sink = queue.sink("numbers", address("amqps", server.trusting()));
    TestQueue.writeNumbers(sink, 1, 1_000);
    sink.finish();
    List<Long> letters = new ArrayList<>();
    try (Letterbox box = queue.letterbox(address("amqp", "tls&" + server.trusting()))) {
      box.forEach((number, payload, headers) -> letters.add(number));
    }
    assertThat(letters).hasSize(1_000).doesNotHaveDuplicates();
    Source source = queue.source(address("amqps", "until=empty&" + server.trusting()));
    assertThat(TestQueue.read(source, Integer.MAX_VALUE, true).texts())
        .isEqualTo(TestQueue.numbers(1, 1_000));
  }

  @Test
  void aServerForWhomNobodyVouchesIsRefused() throws Exception {
    TestAuthority other = new TestAuthority(Files.createTempDirectory(folder, "other"), "stranger");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open(address("amqps", "ca=" + other.file() + "&cert=" + server.own())))
        .withMessageContaining("the certificate of the server is not trusted")
        .withMessageContaining("ca=PATH")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open(address("amqps", "cert=" + server.own())))
        .withMessageContaining("(now: system)");
  }

  @Test
  void aServerWithTheCertificateOfAnotherHostIsRefused() {
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open(address("amqps", EncryptingServer.PASSWORD, "localhost")))
        .withMessageContaining("the certificate of the server is not trusted")
        .withMessageContaining("localhost")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED));
  }

  @Test
  void whoShowsNoCertificateIsToldThatOneWasAskedFor() {
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> open(address("amqps", "ca=" + server.authorityFile())))
        .withMessageContaining("asked for a certificate of this side (cert=PATH)");
  }

  @Test
  void aCertificateThatTheServerDoesNotTrustIsNamed() throws Exception {
    Path stranger =
        new TestAuthority(Files.createTempDirectory(folder, "other"), "stranger")
            .issue("client", "client.example")
            .file();
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> open(address("amqps", server.showing(stranger))))
        .withMessageContaining("was shown the certificate of " + stranger);
  }

  @Test
  void aWrongPasswordIsRefusedAndNotShown() {
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open(address("amqps", "guessed-word", "127.0.0.1")))
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
              Address.parse(
                  "amqps://127.0.0.1:"
                      + server.server().port()
                      + "/x?ca="
                      + server.authorityFile());
          new RabbitConnector().check(plain, true);
        })
        .withMessageContaining("is the port its client port?");
  }

  /** One try, as each that a pipe makes. */
  private static void open(Address address) throws Exception {
    RabbitConnection.open(QueueOptions.of(address, false), why -> {}).close();
  }

  private Address address(String scheme, String query) throws PipeException {
    return server.address(scheme, queue.name(), query);
  }

  private Address address(String scheme, String password, String host) throws PipeException {
    return server.address(scheme, password, host, queue.name(), server.trusting());
  }
}
