package io.hostpipe.connector.rabbitmq;

import io.hostpipe.testkit.servers.RabbitServer;
import org.junit.jupiter.api.BeforeAll;

/** Tests over a server of their class's own, as this system has it, each with a queue. */
abstract class WithQueue extends OnServer {
  @BeforeAll
  static void startServer() throws Exception {
    server = RabbitServer.start(folder);
  }
}
