package io.hostpipe.connector.websocket;

import io.hostpipe.Address;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.tls.Identity;
import io.hostpipe.runtime.tls.TlsClient;
import io.hostpipe.runtime.tls.TlsOptions;
import io.hostpipe.testkit.links.Ends;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Ends over the carriers of this module. */
final class TestEnds {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private TestEnds() {}

  static Ends ws() {
    return new Ends(new WebSocketConnector(), "ws", "", "");
  }

  /** With a key that is made in this folder and pinned. */
  static Ends wss(Path folder) {
    try {
      Path key = folder.resolve("identity.pem");
      String pin = "&peer=" + Identity.ofHost(key).fingerprint();
      return new Ends(new WebSocketConnector(), "wss", "&cert=" + key, pin);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A WebSocket to a pipe of this port. */
  static Link wsLink(int port, String name) throws IOException {
    return link(port, name, null);
  }

  /** The same over TLS, to a port that has the key in this folder. */
  static Link wssLink(Path folder, int port, String name) throws IOException {
    String pin = "peer=" + Identity.ofHost(folder.resolve("identity.pem")).fingerprint();
    Address address = Address.parse("wss://127.0.0.1:" + port + "/?" + pin);
    TlsClient client =
        new TlsClient(TlsOptions.of(address), address.host(), port, address.toString(), PATIENCE);
    return link(port, name, client);
  }

  private static Link link(int port, String name, @Nullable TlsClient tls) throws IOException {
    return new WebSocketDialer(
            "127.0.0.1", port, name, name, List.of(), tls, null, Map.of(), PATIENCE, "a test")
        .dial();
  }
}
