package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.tls.TestAuthority;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams of a server that encrypts, shows who it is, and asks who comes. */
final class StreamTlsTest {
  @TempDir private static Path folder;

  private static EncryptingServer server;

  private TestStream stream;

  @BeforeAll
  static void startServer() throws Exception {
    server = EncryptingServer.start(folder, "stream.listeners.ssl");
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void start() {
    stream = new TestStream(server.server());
  }

  @AfterEach
  void stop() throws Exception {
    stream.close();
  }

  @Test
  void whatIsWrittenOverTlsIsReadOverTlsAndWithoutIt() throws Exception {
    Sink sink = stream.sink("numbers", address("rabbitmq-stream+tls", server.trusting()));
    TestStream.writeNumbers(sink, 1, 20_000);
    // Longer than what TLS carries at a time.
    String large = "x".repeat(700_000);
    TestStream.write(sink, large, Headers.EMPTY);
    sink.finish();
    Source source =
        stream.source(address("rabbitmq-stream", "tls&until=last&" + server.trusting()));
    List<String> read = TestStream.read(source, Integer.MAX_VALUE);
    assertThat(read.subList(0, 20_000)).isEqualTo(TestStream.numbers(1, 20_000));
    assertThat(read.subList(20_000, read.size())).isEqualTo(List.of(large));
    assertThat(stream.readAsQueue(20_000)).isEqualTo(TestStream.numbers(1, 20_000));
  }

  @Test
  void aWriterOverTlsFindsItsPlaceWhenItsConnectionsBreak() throws Exception {
    Sink sink = stream.sink("numbers", address("rabbitmq-stream+tls", server.trusting()));
    TestStream.writeNumbers(sink, 1, 5_000);
    sink.awaitCommitted(sink.resume().position());
    server.server().administer("close_all_connections", "a test");
    TestStream.writeNumbers(sink, 5_001, 10_000);
    sink.finish();
    assertThat(stream.readAsQueue(10_000)).isEqualTo(TestStream.numbers(1, 10_000));
    Sink next = stream.sink("numbers", address("rabbitmq-stream+tls", server.trusting()));
    assertThat(next.resume().position()).isEqualTo(sink.resume().position());
  }

  @Test
  void aReaderOverTlsIsWokenWhenItIsClosed() throws Exception {
    stream.sink("numbers", address("rabbitmq-stream+tls", server.trusting())).finish();
    Source source = stream.source(address("rabbitmq-stream+tls", server.trusting()));
    InParallel<Boolean> reading = InParallel.run(() -> source.read() == null);
    reading.awaitBlocked();
    source.close();
    assertThat(reading.failure()).isInstanceOf(PipeException.Closed.class);
  }

  @Test
  void aServerForWhomNobodyVouchesIsRefused() throws Exception {
    TestAuthority other = new TestAuthority(Files.createTempDirectory(folder, "other"), "stranger");
    for (String query :
        List.of("ca=" + other.file() + "&cert=" + server.own(), "cert=" + server.own())) {
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> check(address("rabbitmq-stream+tls", query)))
          .withMessageContaining("the certificate of the server is not trusted")
          .withMessageContaining("ca=PATH")
          .satisfies(e -> assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED));
    }
  }

  @Test
  void aServerWithTheCertificateOfAnotherHostIsRefused() {
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(
            () -> check(address("rabbitmq-stream+tls", EncryptingServer.PASSWORD, "localhost")))
        .withMessageContaining("the certificate of the server is not trusted")
        .withMessageContaining("localhost")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED));
  }

  @Test
  void whoShowsNoCertificateIsToldThatOneWasAskedFor() {
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> check(address("rabbitmq-stream+tls", "ca=" + server.authorityFile())))
        .withMessageContaining("asked for a certificate of this side (cert=PATH)");
  }

  @Test
  void aWrongPasswordIsRefusedAndNotShown() {
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> check(address("rabbitmq-stream+tls", "guessed-word", "127.0.0.1")))
        .withMessageContaining("the server wants another user or password")
        .satisfies(e -> {
          for (Throwable each = e; each != null; each = each.getCause()) {
            assertThat(String.valueOf(each.getMessage())).doesNotContain("guessed-word");
          }
        });
  }

  @Test
  void whoEncryptsAndWhoDoesNotAreTold() {
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> check(address("rabbitmq-stream", "from=begin")))
        .withMessageContaining("One that encrypts wants rabbitmq-stream+tls");
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() ->
            check(
                Address.parse(
                    "rabbitmq-stream+tls://127.0.0.1:"
                        + server.server().streamPort()
                        + "/x?ca="
                        + server.authorityFile())))
        .withMessageContaining("is the port the one of its streams?");
  }

  /** One try, as each that a pipe makes. */
  private static void check(Address address) throws Exception {
    new StreamConnector().check(address, true);
  }

  private Address address(String scheme, String query) throws PipeException {
    return server.address(scheme, stream.name(), query);
  }

  private Address address(String scheme, String password, String host) throws PipeException {
    return server.address(scheme, password, host, stream.name(), server.trusting());
  }
}
