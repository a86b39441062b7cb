package io.hostpipe.connector.kafka;

import io.hostpipe.testkit.servers.KafkaServer;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests over a server of their class's own, each with a topic. One class runs at a time. */
abstract class WithTopic {
  @TempDir static Path folder;

  static KafkaServer server;

  Topical topic;

  @BeforeAll
  static void startServer() throws IOException {
    server = KafkaServer.start(folder);
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void openTopic() {
    topic = new Topical(server);
  }

  @AfterEach
  void closeTopic() throws IOException {
    topic.close();
  }
}
