package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.KafkaServer;
import io.hostpipe.testkit.tls.TestAuthority;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker that encrypts, asks who comes, and lets each do what an access list says. */
final class KafkaSecurityTest {
  private static final String LOGIN = "org.apache.kafka.common.security.";
  private static final String PASSWORD = "hidden-word";

  @TempDir private static Path folder;

  private static TestAuthority authority;
  private static KafkaServer server;
  private static Admin admin;

  private final KafkaConnector connector = new KafkaConnector();
  private final PipeContext context = PipeContext.messages(new BlockPool(8 << 20));
  private String topic = "";
  private String trusting = "";

  @BeforeAll
  static void startServer() throws Exception {
    authority = new TestAuthority(Files.createDirectory(folder.resolve("keys")), "authority");
    Path own = authority.issue("server", "127.0.0.1").file();
    server =
        KafkaServer.start(
            Files.createDirectory(folder.resolve("server")),
            "listener.security.protocol.map=CLIENTS:SASL_SSL,CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256",
            "sasl.mechanism.inter.broker.protocol=PLAIN",
            "listener.name.clients.plain.sasl.jaas.config="
                + LOGIN
                + "plain.PlainLoginModule required username=\"admin\" password=\"admin\""
                + " user_admin=\"admin\" user_alice=\""
                + PASSWORD
                + "\" user_bob=\"bob\" user_dave=\"dave\";",
            "listener.name.clients.scram-sha-256.sasl.jaas.config="
                + LOGIN
                + "scram.ScramLoginModule required;",
            "ssl.keystore.type=PEM",
            "ssl.keystore.location=" + own,
            "ssl.truststore.type=PEM",
            "ssl.truststore.location=" + authority.file(),
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users=User:admin;User:ANONYMOUS");
    admin =
        Admin.create(
            Map.of(
                "bootstrap.servers",
                "127.0.0.1:" + server.port(),
                "security.protocol",
                "SASL_SSL",
                "ssl.truststore.type",
                "PEM",
                "ssl.truststore.location",
                authority.file().toString(),
                "sasl.mechanism",
                "PLAIN",
                "sasl.jaas.config",
                LOGIN + "plain.PlainLoginModule required username=\"admin\" password=\"admin\";"));
  }

  @AfterAll
  static void stopServer() {
    admin.close();
    server.close();
  }

  @BeforeEach
  void nameATopic() {
    topic = "test-" + UUID.randomUUID();
    trusting = "?tls=true&ca=" + authority.file();
  }

  @Test
  void whoHasTheRightsOfTheDocumentWritesAndReads() throws Exception {
    allow("alice", ResourceType.TOPIC, topic, AclOperation.READ, AclOperation.WRITE);
    allow("alice", ResourceType.TOPIC, topic, AclOperation.CREATE, AclOperation.DESCRIBE_CONFIGS);
    allow("alice", ResourceType.GROUP, "hostpipe:", AclOperation.READ);
    allow("alice", ResourceType.TRANSACTIONAL_ID, "hostpipe:", AclOperation.WRITE);
    writeAndRead("alice:" + PASSWORD, trusting);
  }

  @Test
  void aUserIsShownByScramAsWell() throws Exception {
    admin
        .alterUserScramCredentials(
            List.of(
                new UserScramCredentialUpsertion(
                    "carol",
                    new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4_096),
                    "a word")))
        .all()
        .get();
    allow("carol", ResourceType.TOPIC, topic, AclOperation.ALL);
    allow("carol", ResourceType.GROUP, "hostpipe:", AclOperation.READ);
    allow("carol", ResourceType.TRANSACTIONAL_ID, "hostpipe:", AclOperation.WRITE);
    writeAndRead("carol:a%20word", trusting + "&sasl=scram-sha-256");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open("carol:another", trusting + "&sasl=scram-sha-256"))
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED));
  }

  @Test
  void aWrongPasswordIsRefusedAndNotShown() {
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open("alice:guessed-word", trusting))
        .withMessageContaining("give user:password@ in the address")
        .satisfies(e -> {
          assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED);
          for (Throwable each = e; each != null; each = each.getCause()) {
            assertThat(String.valueOf(each.getMessage())).doesNotContain("guessed-word");
          }
        });
  }

  @Test
  void aServerForWhomNobodyVouchesIsRefused() throws Exception {
    TestAuthority other =
        new TestAuthority(
            Files.createDirectory(folder.resolve("other" + UUID.randomUUID())), "stranger");
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open("alice:" + PASSWORD, "?tls=true&ca=" + other.file()))
        .withMessageContaining("the certificate of the server is not trusted")
        .withMessageContaining("ca=PATH")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.UNAUTHENTICATED));
  }

  @Test
  void aServerWithTheCertificateOfAnotherHostIsRefused() {
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> {
          Address address =
              Address.parse(
                  "kafka://alice:" + PASSWORD + "@localhost:" + server.port() + "/x" + trusting);
          connector.check(address, true);
        })
        .withMessageContaining("the certificate of the server is not trusted")
        .withMessageContaining("localhost");
  }

  @Test
  void whoSpeaksInTheClearIsToldWhatMayBeMissing() {
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(() -> connector.check(address("", ""), true))
        .withMessageContaining("does it want tls or a user");
  }

  @Test
  void eachRightThatIsMissingIsNamed() throws Exception {
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open("bob:bob", trusting))
        .withMessageContaining("the user lacks a right: on [" + topic + "]")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.PERMISSION_DENIED));
    allow("bob", ResourceType.TOPIC, topic, AclOperation.ALL);
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open("bob:bob", trusting))
        .withMessageContaining("WRITE on the transactional id, which begins with hostpipe:")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.PERMISSION_DENIED));
    allow("bob", ResourceType.TRANSACTIONAL_ID, "hostpipe:", AclOperation.WRITE);
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> open("bob:bob", trusting))
        .withMessageContaining("READ on the group hostpipe:" + topic)
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.PERMISSION_DENIED));
    allow("bob", ResourceType.GROUP, "hostpipe:", AclOperation.READ);
    writeAndRead("bob:bob", trusting);
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> {
          PipeContext reading = context.withDirections(false, true);
          try (var listener =
              connector.listen(address("bob:bob", trusting + "&group=others"), reading)) {
            listener.accept();
          }
        })
        .withMessageContaining("READ on the group others");
  }

  /** What was granted is taken back in mid-way: the pipe ends, and says what is missing. */
  @Test
  void aRightThatIsTakenBackEndsThePipe() throws Exception {
    allow("dave", ResourceType.TRANSACTIONAL_ID, "hostpipe:", AclOperation.WRITE);
    allow("dave", ResourceType.GROUP, "hostpipe:", AclOperation.READ);
    allow("dave", ResourceType.TOPIC, topic, AclOperation.ALL);
    try (Target target = connector.target(address("dave:dave", trusting), context);
        Sink sink = target.open(new StreamId("numbers"), Encoding.RECORDS)) {
      Topical.writeNumbers(sink, 1, 100);
      sink.awaitCommitted(sink.resume().position());
      admin
          .createAcls(List.of(binding("dave", ResourceType.TOPIC, topic, AclOperation.ALL, false)))
          .all()
          .get();
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> {
            for (int from = 101; ; from += 100) {
              Topical.writeNumbers(sink, from, from + 99);
              sink.awaitCommitted(sink.resume().position());
            }
          })
          .withMessageContaining("the user lacks a right: on [" + topic + "]")
          .satisfies(e -> assertThat(e.status()).isEqualTo(Status.PERMISSION_DENIED));
    }
  }

  private void writeAndRead(String user, String query) throws Exception {
    try (Target target = connector.target(address(user, query), context);
        Sink sink = target.open(new StreamId("numbers"), Encoding.RECORDS)) {
      Topical.writeNumbers(sink, 1, 500);
      sink.finish();
    }
    try (Source source = connector.source(address(user, query + "&until=last"), context)) {
      assertThat(Topical.read(source, 500)).isEqualTo(Topical.numbers(1, 500));
    }
  }

  private void open(String user, String query) throws PipeException, InterruptedException {
    try (Target target = connector.target(address(user, query), context)) {
      target.open(new StreamId("numbers"), Encoding.RECORDS).close();
    }
  }

  private Address address(String user, String query) throws PipeException {
    return Address.parse(
        "kafka://"
            + (user.isEmpty() ? "" : user + "@")
            + "127.0.0.1:"
            + server.port()
            + "/"
            + topic
            + query);
  }

  private static void allow(String user, ResourceType type, String name, AclOperation... operations)
      throws Exception {
    List<AclBinding> all = new ArrayList<>();
    for (AclOperation each : operations) {
      all.add(binding(user, type, name, each, true));
    }
    admin.createAcls(all).all().get();
    // The controller has them; the broker hears of them a moment later.
    InParallel.await(() -> {
      try {
        return admin.describeAcls(AclBindingFilter.ANY).values().get().containsAll(all);
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    });
  }

  private static AclBinding binding(
      String user, ResourceType type, String name, AclOperation operation, boolean allows) {
    return new AclBinding(
        new ResourcePattern(type, name, PatternType.PREFIXED),
        new AccessControlEntry(
            "User:" + user,
            "*",
            operation,
            allows ? AclPermissionType.ALLOW : AclPermissionType.DENY));
  }
}
