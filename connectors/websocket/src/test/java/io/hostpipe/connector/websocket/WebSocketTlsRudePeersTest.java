package io.hostpipe.connector.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Listener;
import io.hostpipe.runtime.Link;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.links.Ends;
import io.hostpipe.testkit.links.RudePeers;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same with TLS below. */
final class WebSocketTlsRudePeersTest extends RudePeers {
  private final Path folder;

  WebSocketTlsRudePeersTest(@TempDir Path folder) {
    super(TestEnds.wss(folder));
    this.folder = folder;
  }

  @Test
  void whoComesWithoutTlsIsToldOfByTheAddressesOfThisCarrier() throws Exception {
    Ends ends = TestEnds.wss(folder);
    try (ends) {
      Listener listener = ends.listen("n", ends.messages());
      HttpPeer.answer(listener, "GET /n HTTP/1.1\r\nHost: h\r\n\r\n");
      InParallel.await(() -> !ends.listenerTold.isEmpty());
      assertThat(ends.listenerTold)
          .hasSize(1)
          .allMatch(line -> line.contains("began with 'GET /n HTTP") && line.contains("wss://,"));
    }
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return TestEnds.wssLink(folder, listener.address().port(), "name");
  }
}
