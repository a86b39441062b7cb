package io.hostpipe.connector.websocket;

import io.hostpipe.Listener;
import io.hostpipe.runtime.Link;
import io.hostpipe.testkit.links.RudePeers;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The same with TLS below. */
final class WebSocketTlsRudePeersTest extends RudePeers {
  private final Path folder;

  WebSocketTlsRudePeersTest(@TempDir Path folder) {
    super(TestEnds.wss(folder));
    this.folder = folder;
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return TestEnds.wssLink(folder, listener.address().port(), "name");
  }
}
