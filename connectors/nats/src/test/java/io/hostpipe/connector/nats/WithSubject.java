package io.hostpipe.connector.nats;

import io.hostpipe.testkit.servers.NatsServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A test with a server of its own, and a subject on it. */
abstract class WithSubject {
  @TempDir Path folder;

  NatsServer server;
  Subject subject;

  @BeforeEach
  void start() throws Exception {
    server = NatsServer.start(folder);
    subject = new Subject(server);
  }

  @AfterEach
  void stop() throws Exception {
    subject.close();
    server.close();
  }
}
