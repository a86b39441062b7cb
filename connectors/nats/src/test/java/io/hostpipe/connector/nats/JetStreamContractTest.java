package io.hostpipe.connector.nats;

import io.hostpipe.Address;
import io.hostpipe.testkit.ConnectorContract;
import io.hostpipe.testkit.ContractPlace;
import io.hostpipe.testkit.StoreContractPlace;
import io.hostpipe.testkit.servers.NatsServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract over a subject of JetStream: a store, which has no peer that listens. */
final class JetStreamContractTest implements ConnectorContract {
  @TempDir private static Path folder;

  private static NatsServer server;

  private final ContractPlace place =
      new StoreContractPlace(
          new NatsConnector(),
          stream ->
              Address.parse("nats://127.0.0.1:" + server.port() + "/contract." + stream)
                  .withOption("jetstream", "true"),
          EnumSet.of(ContractPlace.Ability.REOPENS));

  @BeforeAll
  static void start() throws IOException {
    server = NatsServer.start(folder);
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
