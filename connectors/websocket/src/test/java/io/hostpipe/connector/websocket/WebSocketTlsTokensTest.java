package io.hostpipe.connector.websocket;

import io.hostpipe.Listener;
import io.hostpipe.runtime.Link;
import io.hostpipe.testkit.links.LinkTokens;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Tokens over WebSockets whose TLS ends here: tied to it. */
final class WebSocketTlsTokensTest extends LinkTokens {
  private final Path folder;

  WebSocketTlsTokensTest(@TempDir Path folder) {
    super(TestEnds.wss(folder), true);
    this.folder = folder;
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return TestEnds.wssLink(folder, listener.address().port(), "name");
  }
}
