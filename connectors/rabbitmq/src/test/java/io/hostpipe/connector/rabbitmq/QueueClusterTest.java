package io.hostpipe.connector.rabbitmq;

import io.hostpipe.testkit.servers.RabbitServer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three servers that keep a quorum queue. */
final class QueueClusterTest {
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
    LeaderLoss.ofQueue(servers);
  }
}
