package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.RabbitServer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three servers that keep a quorum queue. */
final class QueueClusterTest {
  private static final int COUNT = 20_000;

  @TempDir private Path folder;

  private List<RabbitServer> servers;

  @BeforeEach
  void start() throws Exception {
    servers = RabbitServer.startCluster(folder, 3);
  }

  @AfterEach
  void stop() {
    servers.forEach(RabbitServer::close);
  }

  @Test
  void aQueueThatLosesItsLeaderInMidTransferLosesAndDoublesNothing() throws Exception {
    try (TestQueue queue = new TestQueue(servers.get(1))) {
      Address address = queue.address("?quorum");
      for (RabbitServer each : servers) {
        address = address.withAddedOption("server", "127.0.0.1:" + each.port());
      }
      Sink sink = queue.sink("numbers", address.withOption("single", "true"));
      Source source = queue.source(address.withOption("once", "true").withOption("until", "empty"));
      RabbitServer leader = leader(queue.name());
      AtomicBoolean killing = new AtomicBoolean(true);
      InParallel<Integer> writing =
          InParallel.run(() -> {
            int last = TestQueue.writeNumbersWhile(killing::get, sink, COUNT);
            sink.finish();
            return last;
          });
      InParallel.await(() -> positionOf(sink) > COUNT || writing.ended());
      leader.kill();
      killing.set(false);
      int last = writing.join();
      assertThat(TestQueue.read(source, Integer.MAX_VALUE, true).texts())
          .isEqualTo(TestQueue.numbers(1, last));
    }
  }

  private static long positionOf(Sink sink) {
    try {
      return sink.committed().position();
    } catch (PipeException e) {
      throw new AssertionError(e);
    }
  }

  private RabbitServer leader(String queue) throws Exception {
    String listed = servers.getFirst().administer("list_queues", "name", "leader");
    String line = listed.lines().filter(each -> each.startsWith(queue)).findFirst().orElseThrow();
    return servers.stream()
        .filter(each -> line.endsWith(each.node()))
        .findFirst()
        .orElseThrow(() -> new AssertionError(listed));
  }
}
