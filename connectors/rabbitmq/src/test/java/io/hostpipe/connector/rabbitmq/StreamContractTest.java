package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Address;
import io.hostpipe.testkit.ConnectorContract;
import io.hostpipe.testkit.ContractPlace;
import io.hostpipe.testkit.StoreContractPlace;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract over a stream of RabbitMQ: a store, which has no peer that listens. */
final class StreamContractTest implements ConnectorContract {
  @TempDir private static Path folder;

  private static RabbitServer server;

  private final ContractPlace place =
      new StoreContractPlace(
          new StreamConnector(),
          stream ->
              Address.parse(
                  "rabbitmq-stream://127.0.0.1:" + server.streamPort() + "/contract." + stream),
          EnumSet.of(ContractPlace.Ability.REOPENS));

  @BeforeAll
  static void start() throws IOException {
    server = RabbitServer.start(folder, "stream.frame_max = 33554432");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Override
  public ContractPlace place() {
    return place;
  }
}
