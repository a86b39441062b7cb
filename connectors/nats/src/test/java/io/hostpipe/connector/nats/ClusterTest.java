package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three servers that keep a stream together: one of them may die at any time. */
final class ClusterTest {
  private static final int COUNT = 6_000;

  @TempDir private Path folder;

  private List<NatsServer> servers;
  private Subject subject;

  @BeforeEach
  void start() throws Exception {
    servers = NatsServer.startCluster(folder, 3);
    subject = new Subject(servers.getFirst());
  }

  @AfterEach
  void stop() throws Exception {
    subject.close();
    servers.forEach(NatsServer::close);
  }

  @Test
  void nothingIsLostOrDoubledWhenTheStreamsLeaderIsKilled() throws Exception {
    String query =
        "?jetstream&server=127.0.0.1:" + servers.get(1).port() + "&in-flight=200&replicas=3";
    Sink sink = subject.sink("numbers", query);
    AtomicBoolean killing = new AtomicBoolean(true);
    InParallel<Integer> writing =
        InParallel.run(() -> {
          int last = Subject.writeNumbersWhile(killing::get, sink, COUNT);
          sink.finish();
          return last;
        });
    for (int kill = 1; kill <= 2; kill++) {
      long wanted = sink.committed().position() + 6_000;
      InParallel.await(() -> positionOf(sink) >= wanted || writing.ended());
      NatsServer leader = leader();
      leader.kill();
      leader.restart();
    }
    killing.set(false);
    int last = writing.join();
    // Whoever knows nothing of Hostpipe counts the same.
    assertThat(Subject.wrong(subject.stored(), 1, last)).isEmpty();
    Source source =
        subject.source("?jetstream&until=last&server=127.0.0.1:" + servers.get(2).port());
    assertThat(Subject.wrong(Subject.read(source, last), 1, last)).isEmpty();
    assertThat(source.read()).isNull();
  }

  @Test
  void theLeaderIsAskedOnceMoreWhereAReaderSeemsToBeAtTheEnd() throws Exception {
    Sink sink = subject.sink("numbers", "?jetstream&replicas=3");
    Subject.writeNumbers(sink, 1, 100);
    sink.awaitCommitted(sink.resume().position());
    Source source = subject.source("?jetstream&until=last");
    assertThat(Subject.read(source, 100)).isEqualTo(Subject.numbers(1, 100));
    Subject.writeNumbers(sink, 101, 200);
    sink.finish();
    assertThat(Subject.read(source, 100)).isEqualTo(Subject.numbers(101, 200));
    assertThat(source.read()).isNull();
  }

  private NatsServer leader() throws Exception {
    // Nobody answers while none leads them all.
    JetStreamOptions shortly =
        JetStreamOptions.builder().requestTimeout(Duration.ofSeconds(5)).build();
    JetStreamManagement streams = subject.client().jetStreamManagement(shortly);
    String[] name = {null};
    InParallel.await(() -> {
      try {
        String stream = streams.getStreamNames(subject.name()).getFirst();
        name[0] = streams.getStreamInfo(stream).getClusterInfo().getLeader();
        return name[0] != null;
      } catch (Exception e) {
        return false;
      }
    });
    return servers.get(Integer.parseInt(name[0].substring("node".length())));
  }

  private static long positionOf(Sink sink) {
    try {
      return sink.committed().position();
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }
}
