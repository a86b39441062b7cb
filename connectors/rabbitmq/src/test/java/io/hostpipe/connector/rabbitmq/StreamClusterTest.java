package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Address;
import io.hostpipe.Sink;
import io.hostpipe.testkit.servers.RabbitServer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Three servers that keep a stream. */
final class StreamClusterTest {
  @TempDir private static Path folder;

  private static List<RabbitServer> servers;

  @BeforeAll
  static void start() throws Exception {
    servers = RabbitServer.startCluster(folder, 3);
    for (RabbitServer each : servers) {
      each.awaitRunning();
    }
  }

  @AfterAll
  static void stop() {
    if (servers != null) {
      servers.forEach(RabbitServer::close);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aStreamThatLosesItsLeaderInMidTransferLosesAndDoublesNothing(boolean dialed)
      throws Exception {
    LeaderLoss.ofStream(servers, dialed);
  }

  @Test
  void whoDialsAServerThatDoesNotKeepTheStreamIsLedToOneThatDoes() throws Exception {
    try (TestStream stream = new TestStream(servers.get(1))) {
      Sink first = stream.sink("numbers", "?replicas=1");
      TestStream.writeNumbers(first, 1, 100);
      first.finish();
      RabbitServer keeper = RabbitServer.leader(servers, stream.name());
      for (RabbitServer each : servers) {
        Address address =
            Address.parse("rabbitmq-stream://127.0.0.1:" + each.streamPort() + "/" + stream.name());
        assertThat(new StreamConnector().check(address, true))
            .contains("127.0.0.1:" + keeper.streamPort());
        assertThat(TestStream.read(stream.source(address.withOption("until", "last")), 100))
            .isEqualTo(TestStream.numbers(1, 100));
        assertThat(stream.sink("numbers", address).resume()).isEqualTo(first.resume());
      }
    }
  }
}
