package io.hostpipe.connector.rabbitmq;

import io.hostpipe.testkit.servers.RabbitServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests over a server that their class starts, each with a queue. One class runs at a time. */
abstract class OnServer {
  @TempDir static Path folder;

  @SuppressWarnings("NullAway.Init") // their class does
  static RabbitServer server;

  TestQueue queue;

  /** There is none where the class could not start it. */
  @AfterAll
  static void stopServer() {
    if (server != null) {
      server.close();
    }
  }

  @BeforeEach
  void openQueue() {
    queue = new TestQueue(server);
  }

  @AfterEach
  void closeQueue() throws Exception {
    queue.close();
  }
}
