package io.hostpipe.connector.rabbitmq;

import io.hostpipe.testkit.servers.RabbitServer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three servers of RabbitMQ 4 that keep a quorum queue, and a stream. */
final class RabbitVersion4ClusterTest {
  @TempDir private Path folder;

  private List<RabbitServer> servers = List.of();

  @BeforeEach
  void start() throws Exception {
    servers = RabbitServer.startClusterVersion4(folder, 3);
    for (RabbitServer each : servers) {
      each.awaitRunning();
    }
  }

  @AfterEach
  void stop() {
    servers.forEach(RabbitServer::close);
  }

  @Test
  void aStreamAndThenAQueueLoseTheirLeadersInMidTransferAndNothingElse() throws Exception {
    LeaderLoss.ofStream(servers, false);
    LeaderLoss.ofQueue(servers);
  }
}
