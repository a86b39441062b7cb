package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Committed.Rejected;
import io.hostpipe.Cursor;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.RefusesFirst;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.KafkaServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A right is taken away under ends at work, and given back: nothing is lost, nothing twice. */
final class KafkaRightsTest {
  private static final int COUNT = 1_000;
  private static final String PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule";
  private static final String ROOT = "root:root@";

  @TempDir private static Path folder;

  private static KafkaServer server;

  private Topical topic;
  private Admin admin;

  /** What a writer needs, and the words for what it lacks. */
  enum Needed {
    TOPIC(ResourceType.TOPIC, "test-", AclOperation.WRITE, "on [test-"),
    PLACE(ResourceType.GROUP, "hostpipe:", AclOperation.READ, "READ on the group hostpipe:"),
    NAME(
        ResourceType.TRANSACTIONAL_ID,
        "hostpipe:",
        AclOperation.WRITE,
        "WRITE on the transactional id, which begins with hostpipe:");

    private final AclBinding right;
    private final String words;

    Needed(ResourceType type, String prefix, AclOperation operation, String words) {
      this.right = right(type, prefix, operation);
      this.words = words;
    }
  }

  private static final AclBinding TO_READ = right(ResourceType.TOPIC, "test-", AclOperation.READ);
  private static final AclBinding OF_GROUP =
      right(ResourceType.GROUP, "workers", AclOperation.READ);

  @BeforeAll
  static void startServer() throws Exception {
    server =
        KafkaServer.start(
            folder,
            "listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms=PLAIN",
            "sasl.mechanism.inter.broker.protocol=PLAIN",
            "listener.name.clients.plain.sasl.jaas.config="
                + PLAIN
                + " required username=\"root\" password=\"root\" user_root=\"root\""
                + " user_anna=\"s3cret\";",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users=User:root;User:ANONYMOUS");
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void start() throws Exception {
    Map<String, Object> root =
        Map.of(
            "security.protocol",
            "SASL_PLAINTEXT",
            "sasl.mechanism",
            "PLAIN",
            "sasl.jaas.config",
            PLAIN + " required username=\"root\" password=\"root\";");
    topic = new Topical(server.port(), server.port(), "anna:s3cret@", root);
    admin = topic.admin();
    for (Needed each : Needed.values()) {
      give(each.right);
    }
    give(TO_READ);
    give(OF_GROUP);
    give(right(ResourceType.TOPIC, "test-", AclOperation.CREATE));
    give(right(ResourceType.TOPIC, "test-", AclOperation.DESCRIBE));
    give(right(ResourceType.TOPIC, "test-", AclOperation.DESCRIBE_CONFIGS));
    give(right(ResourceType.GROUP, "hostpipe:", AclOperation.DESCRIBE));
    give(right(ResourceType.TRANSACTIONAL_ID, "hostpipe:", AclOperation.DESCRIBE));
    give(right(ResourceType.GROUP, "workers", AclOperation.DESCRIBE));
  }

  @AfterEach
  void stop() throws Exception {
    topic.close();
  }

  @ParameterizedTest
  @EnumSource(Needed.class)
  void aWriterWhoseRightIsTakenAwaySaysSoAndTheNextOneGoesOn(Needed needed) throws Exception {
    Sink sink = topic.sink("numbers", "");
    InParallel<Object> writing =
        InParallel.run(() -> Topical.writeNumbersWhile(() -> true, sink, COUNT));
    InParallel.await(() -> positionOf(sink) >= Topical.lengthBytes(1, COUNT));
    take(needed.right);
    Throwable why = writing.failure();
    isDenied(why, needed.words);
    give(needed.right);
    // What it left open is given up for it: only then all can be read that is behind it.
    Sink again = topic.sink("numbers", "");
    List<String> stored = topic.stored();
    assertThat(stored).isEqualTo(Topical.numbers(1, stored.size()));
    long certain = Topical.lengthBytes(1, stored.size());
    assertThat(again.resume().position()).isEqualTo(certain);
    assertThat(why).hasMessageContaining("committed up to position " + certain);
    Topical.writeNumbers(again, stored.size() + 1, stored.size() + COUNT);
    again.finish();
    assertThat(topic.stored()).isEqualTo(Topical.numbers(1, stored.size() + COUNT));
  }

  @Test
  void aReaderWhoseRightIsTakenAwaySaysSoAndTheNextOneGoesOn() throws Exception {
    Sink sink = topic.sink("numbers", topic.address(ROOT, ""));
    Topical.writeNumbers(sink, 1, COUNT);
    sink.awaitCommitted(sink.resume().position());
    Reading reading = new Reading(topic.source(""));
    reading.readTo(COUNT);
    take(TO_READ);
    InParallel<Object> behind = InParallel.run(() -> reading.readTo(1_000 * COUNT));
    Topical.writeNumbers(sink, COUNT + 1, 2 * COUNT);
    sink.finish();
    Throwable why = behind.failure();
    isDenied(why, "on [" + topic.name() + "]");
    assertThat(why).hasMessageContaining("partition 0 cannot be read on from offset");
    give(TO_READ);
    Source again = topic.source("?until=last");
    again.seek(new Resume(reading.position, reading.cursor, null));
    new Reading(again, reading.all).readTo(2 * COUNT);
    assertThat(again.read()).isNull();
    assertThat(reading.all).isEqualTo(Topical.numbers(1, 2 * COUNT));
  }

  @ParameterizedTest
  @EnumSource(names = {"TOPIC", "PLACE"})
  void aMemberOfAGroupWhoseRightIsTakenAwaySaysSoAndTheNextOneGoesOn(Needed which)
      throws Exception {
    AclBinding right = which == Needed.TOPIC ? TO_READ : OF_GROUP;
    Sink sink = topic.sink("numbers", topic.address(ROOT, ""));
    Topical.writeNumbers(sink, 1, COUNT);
    sink.awaitCommitted(sink.resume().position());
    List<String> all = new ArrayList<>();
    try (Listener listener = topic.listener(shared())) {
      Pipe pipe = listener.accept();
      Source source = pipe.source();
      source.seek(Resume.START);
      all.addAll(Topical.read(source, COUNT));
      InParallel.await(() -> placeOf("workers") >= COUNT);
      take(right);
      InParallel<Object> behind =
          InParallel.run(() -> {
            try (pipe) {
              return Topical.read(source, COUNT);
            }
          });
      isDenied(behind.failure(), which == Needed.TOPIC ? "on [" : "READ on the group workers");
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(listener::accept)
          .satisfies(e -> isDenied(e, which == Needed.TOPIC ? "on [" : "READ on the group"));
    }
    give(right);
    Topical.writeNumbers(sink, COUNT + 1, 2 * COUNT);
    sink.finish();
    try (Listener listener = topic.listener(shared());
        Pipe pipe = listener.accept()) {
      pipe.source().seek(Resume.START);
      all.addAll(Topical.read(pipe.source(), COUNT));
    }
    assertThat(all).isEqualTo(Topical.numbers(1, 2 * COUNT));
  }

  @Test
  void aMemberThatWaitsForAPartitionHearsThatItsRightIsGone() throws Exception {
    Sink sink = topic.sink("numbers", topic.address(ROOT, ""));
    Topical.writeNumbers(sink, 1, COUNT);
    sink.finish();
    Address others = topic.address(ROOT, shared());
    try (Listener listener = topic.listener(others, RetryPolicy.DEFAULT);
        Pipe only = listener.accept();
        Listener standby = topic.listener(shared())) {
      assertThat(only.source().stream().value()).contains(topic.name());
      InParallel<Pipe> waiting = InParallel.run(standby::accept);
      InParallel.await(() -> membersOf("workers") == 2);
      take(OF_GROUP);
      isDenied(waiting.failure(), "READ on the group");
    } finally {
      give(OF_GROUP);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TOPIC", "PLACE"})
  void aMergedReaderWhoseRightIsTakenAwaySaysSoAndTheNextOneGoesOn(Needed which) throws Exception {
    AclBinding right = which == Needed.TOPIC ? TO_READ : OF_GROUP;
    Sink sink = topic.sink("numbers", topic.address(ROOT, ""));
    Topical.writeNumbers(sink, 1, COUNT);
    sink.awaitCommitted(sink.resume().position());
    Source source = topic.source(shared() + "&merged");
    List<String> all = new ArrayList<>(Topical.read(source, COUNT));
    InParallel.await(() -> placeOf("workers") >= COUNT);
    take(right);
    InParallel<Object> behind = InParallel.run(() -> Topical.read(source, COUNT));
    isDenied(behind.failure(), which == Needed.TOPIC ? "on [" : "READ on the group workers");
    source.close();
    give(right);
    Topical.writeNumbers(sink, COUNT + 1, 2 * COUNT);
    sink.finish();
    Source again = topic.source(shared() + "&merged");
    all.addAll(Topical.read(again, COUNT));
    assertThat(again.read(Duration.ofSeconds(1))).isNull();
    assertThat(all).isEqualTo(Topical.numbers(1, 2 * COUNT));
  }

  /**
   * Its limit is in the settings of a topic; who may not read these learns it message by message.
   */
  @Test
  void aMessageThatIsLongerThanALimitNobodyMayReadIsRejectedAndTheOthersGoOn() throws Exception {
    AclBinding settings = right(ResourceType.TOPIC, "test-", AclOperation.DESCRIBE_CONFIGS);
    topic.create(1, Map.of("max.message.bytes", "4096"));
    take(settings);
    try {
      Sink sink = topic.sink("numbers", "");
      List<Long> bad = new ArrayList<>();
      try (BatchWriter batch = sink.newBatch(1 << 20)) {
        for (int each = 1; each <= COUNT; each++) {
          add(batch, "" + each);
          if (each % 400 == 0) {
            add(batch, "x".repeat(5_000));
            bad.add((long) batch.lengthBytes());
          }
        }
        sink.write(batch);
      }
      long end = sink.resume().position();
      assertThat(sink.awaitCommitted(end).rejected().stream().map(Rejected::endPosition))
          .isEqualTo(bad);
      sink.finish();
      assertThat(topic.stored()).isEqualTo(Topical.numbers(1, COUNT));
      long certain = sink.resume().position();
      Sink unkept = topic.sink("numbers", "");
      ((RefusesFirst) unkept)
          .onRefusal((at, why) -> {
            throw RefusesFirst.unkept(new StreamId("numbers"), at, why);
          });
      long before = certain + Topical.lengthBytes(COUNT + 1, COUNT + 1);
      try (BatchWriter batch = unkept.newBatch(1 << 20)) {
        add(batch, "" + (COUNT + 1));
        add(batch, "x".repeat(5_000));
        add(batch, "behind");
        unkept.write(batch);
      }
      assertThatExceptionOfType(PipeException.Rejected.class)
          .isThrownBy(unkept::finish)
          .withMessageContaining("takes none that is as long (max.message.bytes)");
      assertThat(unkept.committed()).isEqualTo(new Committed(before, List.of()));
      assertThat(topic.stored()).isEqualTo(Topical.numbers(1, COUNT + 1));
      assertThat(topic.sink("numbers", "").resume().position()).isEqualTo(before);
    } finally {
      give(settings);
    }
  }

  private static void add(BatchWriter batch, String text) throws PipeException {
    assertThat(batch.add(StandardCharsets.UTF_8.encode(text))).isTrue();
  }

  /** Who may not speak to the group may not leave it either, and is missed after a while. */
  private static String shared() throws IOException {
    Path settings =
        Files.writeString(
            folder.resolve("short.properties"),
            "session.timeout.ms=6000\nheartbeat.interval.ms=2000\n");
    return "?group=workers&config=" + settings;
  }

  private void isDenied(Throwable why, String words) {
    assertThat(why)
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("/" + topic.name())
        .hasMessageContaining("the user lacks a right: " + words)
        .hasMessageNotContaining("s3cret");
    assertThat(((PipeException) why).status()).isEqualTo(Status.PERMISSION_DENIED);
  }

  /** Where the group is, as the brokers were told; -1 when they were not. */
  private long placeOf(String group) {
    try {
      List<Long> places = topic.places(admin, group);
      return places.isEmpty() ? -1 : places.getFirst();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private int membersOf(String group) {
    try {
      return admin.describeConsumerGroups(List.of(group)).all().get().values().stream()
          .mapToInt(each -> each.members().size())
          .sum();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private void give(AclBinding right) throws Exception {
    admin.createAcls(List.of(right)).all().get();
    InParallel.await(() -> isGiven(right));
  }

  private void take(AclBinding right) throws Exception {
    admin.deleteAcls(List.of(right.toFilter())).all().get();
    InParallel.await(() -> !isGiven(right));
  }

  /** As the broker has heard: the controller tells it a moment later. */
  private boolean isGiven(AclBinding right) {
    try {
      return admin.describeAcls(AclBindingFilter.ANY).values().get().contains(right);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static AclBinding right(ResourceType type, String prefix, AclOperation operation) {
    return new AclBinding(
        new ResourcePattern(type, prefix, PatternType.PREFIXED),
        new AccessControlEntry("User:anna", "*", operation, AclPermissionType.ALLOW));
  }

  private static long positionOf(Sink sink) {
    try {
      return sink.committed().position();
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }

  /** What was read, and the place behind it. */
  private static final class Reading {
    private final Source source;
    private final List<String> all;
    private @Nullable Cursor cursor;
    private long position;

    Reading(Source source) {
      this(source, new ArrayList<>());
    }

    Reading(Source source, List<String> all) {
      this.source = source;
      this.all = all;
    }

    List<String> readTo(int count) throws Exception {
      while (all.size() < count) {
        try (Batch batch = Objects.requireNonNull(source.read())) {
          batch.forEach((end, payload, headers) ->
              all.add(StandardCharsets.UTF_8.decode(payload.duplicate()).toString()));
          cursor = Objects.requireNonNull(batch.cursor());
          position = batch.endPosition();
        }
      }
      return all;
    }
  }
}
