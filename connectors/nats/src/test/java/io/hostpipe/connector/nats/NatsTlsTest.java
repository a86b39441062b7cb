package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.testkit.servers.NatsServer;
import io.hostpipe.testkit.tls.TestAuthority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An encrypted connection: who is trusted, and what is said when nobody is. */
final class NatsTlsTest {
  @TempDir private Path folder;

  private TestAuthority authority;
  private String trusting;

  @BeforeEach
  void makeAnAuthority() throws IOException {
    authority = new TestAuthority(Files.createDirectory(folder.resolve("keys")), "authority");
    trusting = "?tls&ca=" + authority.file();
  }

  @Test
  void whatIsWrittenOverTlsIsReadOverTls() throws Exception {
    try (NatsServer server = serving(authority.issue("server", "127.0.0.1"), "");
        Subject subject = new Subject(server)) {
      Sink sink = subject.sink("numbers", trusting + "&jetstream");
      Subject.writeNumbers(sink, 1, 1_000);
      sink.finish();
      Source source = subject.source(trusting + "&jetstream");
      assertThat(Subject.read(source, 1_000)).isEqualTo(Subject.numbers(1, 1_000));
    }
  }

  @Test
  void aServerWithTheCertificateOfAnotherHostIsRefused() throws Exception {
    try (NatsServer server = serving(authority.issue("server", "broker.example"), "");
        Subject subject = new Subject(server)) {
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> subject.sink("numbers", trusting))
          .withMessageContaining("the certificate of the server is not trusted")
          .withMessageContaining("127.0.0.1")
          .satisfies(e -> assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED));
    }
  }

  @Test
  void aServerForWhomNobodyVouchesIsRefused() throws Exception {
    TestAuthority other =
        new TestAuthority(Files.createDirectory(folder.resolve("other")), "stranger");
    try (NatsServer server = serving(other.issue("server", "127.0.0.1"), "");
        Subject subject = new Subject(server)) {
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> subject.sink("numbers", trusting))
          .withMessageContaining("the certificate of the server is not trusted");
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> subject.source("?tls&jetstream").read())
          .withMessageContaining("ca=PATH");
    }
  }

  @Test
  void anExpiredCertificateIsRefused() throws Exception {
    try (NatsServer server = serving(authority.issueExpired("server", "127.0.0.1"), "");
        Subject subject = new Subject(server)) {
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> subject.sink("numbers", trusting))
          .withMessageContaining("NotAfter");
    }
  }

  @Test
  void aServerThatAsksWhoThisIsGetsTheCertificate() throws Exception {
    Path own = authority.issue("client", "client.example").file();
    try (NatsServer server =
            serving(
                authority.issue("server", "127.0.0.1"),
                ", ca_file: \"" + authority.file() + "\", verify: true");
        Subject subject = new Subject(server)) {
      Source source = subject.source(trusting + "&cert=" + own);
      Sink sink = subject.sink("numbers", trusting + "&cert=" + own);
      Subject.writeNumbers(sink, 1, 10);
      sink.finish();
      assertThat(Subject.read(source, 10)).isEqualTo(Subject.numbers(1, 10));
      NatsOptions showingNothing = NatsOptions.of(subject.address(trusting), false);
      assertThatExceptionOfType(PipeException.Unreachable.class)
          .isThrownBy(() -> NatsConnection.open(showingNothing, () -> {}))
          .withMessageContaining("asked for a certificate of this side (cert=PATH)");
    }
  }

  @Test
  void whoEncryptsAndWhoDoesNotAreTold() throws Exception {
    try (NatsServer server = serving(authority.issue("server", "127.0.0.1"), "");
        Subject subject = new Subject(server)) {
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> subject.sink("numbers", ""))
          .withMessageContaining("add the word tls");
    }
    try (NatsServer server = NatsServer.start(Files.createDirectory(folder.resolve("plain")));
        Subject subject = new Subject(server)) {
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> subject.sink("numbers", trusting))
          .withMessageContaining("the server has no TLS");
    }
  }

  @Test
  void filesThatCannotBeUsedAreNamed() throws Exception {
    Path empty = Files.createFile(folder.resolve("empty.pem"));
    try (NatsServer server = serving(authority.issue("server", "127.0.0.1"), "");
        Subject subject = new Subject(server)) {
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> subject.sink("numbers", "?tls&ca=" + folder.resolve("none.pem")))
          .withMessageContaining("there is no file " + folder.resolve("none.pem"));
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> subject.sink("numbers", trusting + "&cert=" + empty))
          .withMessageContaining("holds no certificate");
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> subject.sink("numbers", "?ca=" + authority.file()))
          .withMessageContaining("the word tls only");
    }
  }

  private NatsServer serving(TestAuthority.Issued issued, String more) throws IOException {
    return NatsServer.start(
        Files.createDirectory(folder.resolve("server")),
        "tls { cert_file: \""
            + issued.file()
            + "\", key_file: \""
            + issued.file()
            + "\""
            + more
            + " }");
  }
}
