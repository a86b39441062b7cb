package io.hostpipe.connector.websocket;

import io.hostpipe.testkit.links.LinkFaults;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Broken links over loopback, encrypted: the proxy cuts inside frames of WebSocket. */
final class WebSocketTlsLinkFaultsTest extends LinkFaults {
  WebSocketTlsLinkFaultsTest(@TempDir Path folder) {
    super(TestEnds.wss(folder));
  }
}
