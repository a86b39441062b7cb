package io.hostpipe.connector.rabbitmq;

import io.hostpipe.testkit.servers.RabbitServer;
import org.junit.jupiter.api.BeforeAll;

/** {@link ShortMessages} of RabbitMQ 4. */
final class RabbitVersion4ShortMessagesTest extends ShortMessages {
  @BeforeAll
  static void start() throws Exception {
    server = RabbitServer.startVersion4(folder, SETTING);
  }
}
