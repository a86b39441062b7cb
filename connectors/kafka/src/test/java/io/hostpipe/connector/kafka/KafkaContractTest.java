package io.hostpipe.connector.kafka;

import io.hostpipe.Address;
import io.hostpipe.testkit.ConnectorContract;
import io.hostpipe.testkit.ContractPlace;
import io.hostpipe.testkit.StoreContractPlace;
import io.hostpipe.testkit.servers.KafkaServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract over a topic: a store, which has no peer that listens. */
final class KafkaContractTest implements ConnectorContract {
  @TempDir private static Path folder;

  private static KafkaServer server;

  private final ContractPlace place =
      new StoreContractPlace(
          new KafkaConnector(),
          stream -> Address.parse("kafka://127.0.0.1:" + server.port() + "/" + stream),
          EnumSet.of(ContractPlace.Ability.REOPENS));

  @BeforeAll
  static void start() throws IOException {
    server = KafkaServer.start(folder);
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
