package io.hostpipe.connector.rabbitmq;

import io.hostpipe.testkit.servers.RabbitServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests over a server of their class's own, each with a queue. One class runs at a time. */
abstract class WithQueue {
  @TempDir static Path folder;

  static RabbitServer server;

  TestQueue queue;

  @BeforeAll
  static void startServer() throws Exception {
    server = RabbitServer.start(folder);
  }

  @AfterAll
  static void stopServer() {
    server.close();
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
