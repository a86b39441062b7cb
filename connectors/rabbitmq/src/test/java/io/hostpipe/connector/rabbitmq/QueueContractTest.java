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

/** The contract over a queue with one reader: a store, which has no peer that listens. */
final class QueueContractTest implements ConnectorContract {
  @TempDir private static Path folder;

  private static RabbitServer server;

  private final ContractPlace place =
      new StoreContractPlace(
          new RabbitConnector(),
          stream ->
              Address.parse("amqp://127.0.0.1:" + server.port() + "/contract." + stream)
                  .withOption("single", "true"),
          EnumSet.noneOf(ContractPlace.Ability.class));

  @BeforeAll
  static void start() throws IOException {
    server = RabbitServer.start(folder);
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
