package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.KafkaServer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Node;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three brokers that keep a topic together: one of them may die at any time. */
final class ClusterTest {
  private static final int COUNT = 2_000;
  private static final int BROKERS = 3;

  @TempDir private Path folder;

  private List<KafkaServer> servers;
  private Topical topic;

  /** The last one is started by each test. */
  @BeforeEach
  void start() throws Exception {
    servers = KafkaServer.startCluster(folder, BROKERS - 1);
    topic = new Topical(servers.getFirst());
  }

  @AfterEach
  void stop() throws Exception {
    topic.close();
    servers.forEach(KafkaServer::close);
  }

  @Test
  void nothingIsLostOrDoubledWhenThePartitionsLeaderIsKilled() throws Exception {
    servers.getLast().restart();
    // The first broker may be the one that dies.
    String query = "?replicas=3&server=127.0.0.1:" + servers.get(1).port();
    Sink sink = topic.sink("numbers", query);
    AtomicBoolean killing = new AtomicBoolean(true);
    InParallel<Integer> writing =
        InParallel.run(() -> {
          int last = Topical.writeNumbersWhile(killing::get, sink, COUNT);
          sink.finish();
          return last;
        });
    long wanted = Topical.lengthBytes(1, COUNT);
    InParallel.await(Topical.PATIENCE, () -> positionOf(sink) >= wanted);
    KafkaServer leader = servers.get(leader() - 1);
    leader.kill();
    long before = positionOf(sink);
    InParallel.await(Topical.PATIENCE, () -> positionOf(sink) > before + wanted);
    killing.set(false);
    int last = writing.join();
    leader.restart();
    assertThat(topic.stored()).isEqualTo(Topical.numbers(1, last));
  }

  /** Two of three have begun when somebody asks for a copy on each. */
  @Test
  void aTopicIsMadeWhenTheBrokersThatItNeedsHaveCome() throws Exception {
    InParallel<Sink> opening = InParallel.run(() -> topic.sink("numbers", "?replicas=3"));
    InParallel.await(
        Topical.PATIENCE,
        () -> topic.breaks().stream().anyMatch(text -> text.contains("the topic cannot be made")));
    servers.getLast().restart();
    Sink sink = opening.join();
    Topical.writeNumbers(sink, 1, 100);
    sink.finish();
    assertThat(topic.stored()).isEqualTo(Topical.numbers(1, 100));
  }

  /** There may be none for a moment. */
  private int leader() throws Exception {
    Admin admin = topic.admin();
    while (true) {
      var all = admin.describeTopics(List.of(topic.name())).allTopicNames().get();
      Node leader = Objects.requireNonNull(all.get(topic.name())).partitions().getFirst().leader();
      if (leader != null && !leader.isEmpty()) {
        return leader.id();
      }
    }
  }

  private static long positionOf(Sink sink) {
    try {
      return sink.committed().position();
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }
}
