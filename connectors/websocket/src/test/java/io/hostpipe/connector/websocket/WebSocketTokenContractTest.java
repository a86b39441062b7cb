package io.hostpipe.connector.websocket;

import io.hostpipe.testkit.links.LinkContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract over WebSockets, where who dials proves a token. */
final class WebSocketTokenContractTest extends LinkContract {
  WebSocketTokenContractTest(@TempDir Path folder) {
    super(TestEnds.ws().withToken(folder, "&binding=none"));
  }
}
