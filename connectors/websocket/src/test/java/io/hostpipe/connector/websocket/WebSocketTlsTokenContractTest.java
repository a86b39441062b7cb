package io.hostpipe.connector.websocket;

import io.hostpipe.testkit.links.LinkContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract over WebSockets and TLS, where who dials proves a token. */
final class WebSocketTlsTokenContractTest extends LinkContract {
  WebSocketTlsTokenContractTest(@TempDir Path folder) {
    super(TestEnds.wss(folder).withToken(folder, ""));
  }
}
