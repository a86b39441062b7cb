package io.hostpipe.connector.nats;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.NKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A credentials file: an operator's server, an account of it, and a user of that account. */
final class NatsCredentialsTest {
  private static final String LIMITS =
      "\"limits\":{\"subs\":-1,\"data\":-1,\"payload\":-1,\"imports\":-1,\"exports\":-1,"
          + "\"wildcards\":true,\"conn\":-1,\"leaf\":-1},";

  private final SecureRandom random = new SecureRandom();

  @TempDir private Path folder;

  private NKey operator;
  private NKey account;
  private NKey user;

  @BeforeEach
  void makeKeys() throws Exception {
    operator = NKey.createOperator(random);
    account = NKey.createAccount(random);
    user = NKey.createUser(random);
  }

  @Test
  void aUserOfAnAccountIsLetIn() throws Exception {
    Path file =
        credentials(
            token(account, user, "\"subs\":-1,\"data\":-1,\"payload\":-1,\"type\":\"user\""), user);
    try (NatsServer server = ofOperator();
        Subject subject = new Subject(server)) {
      movesNumbers(subject, "?creds=" + file);
      assertThat(subject.address("?creds=" + file).toString())
          .doesNotContain(new String(user.getSeed()));
    }
  }

  @Test
  void aKeyThatTheServerKnowsIsLetInWithoutAToken() throws Exception {
    Path file = credentials(null, user);
    try (NatsServer server = knowing(user);
        Subject subject = new Subject(server)) {
      movesNumbers(subject, "?creds=" + file);
    }
  }

  @Test
  void whoIsNotKnownIsRefusedAndNoSecretIsShown() throws Exception {
    NKey other = NKey.createAccount(random);
    Path file =
        credentials(
            token(other, user, "\"subs\":-1,\"data\":-1,\"payload\":-1,\"type\":\"user\""), user);
    try (NatsServer server = ofOperator();
        Subject subject = new Subject(server)) {
      refuses(subject, "?creds=" + file);
      refuses(subject, "");
    }
    Path key = credentials(null, NKey.createUser(random));
    Path more = Files.createDirectory(folder.resolve("more"));
    try (NatsServer server = NatsServer.start(more, nkeys(user));
        Subject subject = new Subject(server)) {
      refuses(subject, "?creds=" + key);
    }
  }

  @Test
  void aFileThatIsBeingWrittenIsReadAgain() throws Exception {
    byte[] whole = Files.readAllBytes(credentials(null, user));
    Path file = folder.resolve("renewed.creds");
    assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
    try (NatsServer server = knowing(user);
        Subject subject = new Subject(server)) {
      InParallel<Boolean> writing =
          InParallel.run(() -> {
            // Each is seen by one that reads.
            Files.write(file, Arrays.copyOf(whole, whole.length / 2), StandardOpenOption.WRITE);
            Files.write(file, whole, StandardOpenOption.WRITE);
            return true;
          });
      assertThat(subject.check("?creds=" + file, false)).contains("nats-server");
      assertThat(writing.join()).isTrue();
    }
  }

  @Test
  void aFileThatHoldsNoCredentialsIsNamedAndNotShown() throws Exception {
    Path garbage = Files.writeString(folder.resolve("garbage"), "-----s3cret\n");
    Path none = folder.resolve("none");
    try (NatsServer server = knowing(user);
        Subject subject = new Subject(server)) {
      for (Path file : new Path[] {garbage, none}) {
        assertThatExceptionOfType(PipeException.Config.class)
            .isThrownBy(() -> subject.sink("numbers", "?creds=" + file))
            .withMessageContaining(file + " cannot be read as credentials")
            .satisfies(e -> assertThat(e).hasMessageNotContaining("s3cret"));
      }
    }
  }

  private void refuses(Subject subject, String query) {
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> subject.sink("numbers", query))
        .withMessageContaining("the server wants other credentials")
        .satisfies(e -> {
          assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED);
          assertThat(e).hasMessageNotContaining(new String(user.getSeed()));
        });
  }

  private static void movesNumbers(Subject subject, String query) throws Exception {
    Source source = subject.source(query);
    Sink sink = subject.sink("numbers", query);
    Subject.writeNumbers(sink, 1, 10);
    sink.finish();
    assertThat(Subject.read(source, 10)).isEqualTo(Subject.numbers(1, 10));
  }

  private NatsServer ofOperator() throws IOException, GeneralSecurityException {
    NKey system = NKey.createAccount(random);
    return NatsServer.start(
        Files.createDirectory(folder.resolve("server")),
        "operator: \"" + token(operator, operator, "\"type\":\"operator\"") + "\"",
        "resolver: MEMORY",
        "system_account: " + publicKey(system),
        "resolver_preload: { "
            + publicKey(account)
            + ": \""
            + token(operator, account, LIMITS + "\"type\":\"account\"")
            + "\", "
            + publicKey(system)
            + ": \""
            + token(operator, system, LIMITS + "\"type\":\"account\"")
            + "\" }");
  }

  private NatsServer knowing(NKey key) throws IOException, GeneralSecurityException {
    return NatsServer.start(Files.createDirectory(folder.resolve("server")), nkeys(key));
  }

  private static String nkeys(NKey key) throws IOException, GeneralSecurityException {
    return "authorization { users: [ { nkey: " + publicKey(key) + " } ] }";
  }

  /** A token of NATS: what one key says of another (github.com/nats-io/jwt, version 2). */
  private static String token(NKey issuer, NKey subject, String claims)
      throws IOException, GeneralSecurityException {
    String body =
        base64("{\"typ\":\"JWT\",\"alg\":\"ed25519-nkey\"}".getBytes(UTF_8))
            + "."
            + base64(
                ("{\"jti\":\"any\",\"iat\":1700000000,\"iss\":\""
                        + publicKey(issuer)
                        + "\",\"name\":\"any\",\"sub\":\""
                        + publicKey(subject)
                        + "\",\"nats\":{"
                        + claims
                        + ",\"version\":2}}")
                    .getBytes(UTF_8));
    return body + "." + base64(issuer.sign(body.getBytes(UTF_8)));
  }

  private Path credentials(@Nullable String token, NKey key) throws IOException {
    String text =
        (token == null
                ? ""
                : "-----BEGIN NATS USER JWT-----\n" + token + "\n------END NATS USER JWT------\n\n")
            + "-----BEGIN USER NKEY SEED-----\n"
            + new String(key.getSeed())
            + "\n------END USER NKEY SEED------\n";
    return Files.writeString(Files.createTempFile(folder, "user", ".creds"), text);
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static String publicKey(NKey key) throws IOException, GeneralSecurityException {
    return new String(key.getPublicKey());
  }
}
