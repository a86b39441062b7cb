package io.hostpipe.connector.rabbitmq;

import io.hostpipe.testkit.servers.RabbitServer;
import org.junit.jupiter.api.BeforeAll;

/** {@link ShortMessages} of the system's server. */
final class ShortMessagesTest extends ShortMessages {
  @BeforeAll
  static void start() throws Exception {
    server = RabbitServer.start(folder, SETTING);
  }
}
