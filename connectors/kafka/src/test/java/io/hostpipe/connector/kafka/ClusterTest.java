package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.KafkaServer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three brokers that keep a topic together: one of them may die at any time. */
final class ClusterTest {
  private static final int COUNT = 6_000;

  @TempDir private Path folder;

  private List<KafkaServer> servers;
  private Topical topic;

  @BeforeEach
  void start() throws Exception {
    servers = KafkaServer.startCluster(folder);
    topic = new Topical(servers.getFirst());
  }

  @AfterEach
  void stop() throws Exception {
    topic.close();
    servers.forEach(KafkaServer::close);
  }

  @Test
  void nothingIsLostOrDoubledWhenThePartitionsLeaderIsKilled() throws Exception {
    // The first broker may be the one that dies.
    String query = "?replicas=3&server=127.0.0.1:" + servers.get(1).port();
    Sink sink = topic.sink("numbers", query);
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          for (int from = 1; from <= COUNT; from += 100) {
            Topical.writeNumbers(sink, from, from + 99);
            sink.awaitCommitted(sink.resume().position() - 1_000);
          }
          sink.finish();
          return true;
        });
    long wanted = 10_000;
    InParallel.await(Topical.PATIENCE, () -> positionOf(sink) >= wanted || writing.ended());
    assertThat(writing.ended()).as("the leader dies in the middle").isFalse();
    KafkaServer leader = servers.get(leader() - 1);
    leader.kill();
    InParallel.await(Topical.PATIENCE, writing::ended);
    assertThat(writing.join()).as("without it").isTrue();
    leader.restart();
    assertThat(topic.stored()).isEqualTo(Topical.numbers(1, COUNT));
  }

  private int leader() throws Exception {
    Admin admin = topic.admin();
    var all = admin.describeTopics(List.of(topic.name())).allTopicNames().get();
    return Objects.requireNonNull(all.get(topic.name())).partitions().getFirst().leader().id();
  }

  private static long positionOf(Sink sink) {
    try {
      return sink.committed().position();
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }
}
