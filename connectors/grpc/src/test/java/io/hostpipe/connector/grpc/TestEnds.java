package io.hostpipe.connector.grpc;

import io.hostpipe.Address;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.runtime.tls.Identity;
import io.hostpipe.runtime.tls.TlsClient;
import io.hostpipe.runtime.tls.TlsOptions;
import io.hostpipe.testkit.links.Ends;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Ends over the carriers of this module. */
final class TestEnds {
  private TestEnds() {}

  static Ends grpc() {
    return new Ends(new GrpcConnector(), "grpc", "", "");
  }

  /** With a key that is made in this folder and pinned. */
  static Ends grpcs(Path folder) {
    try {
      Path key = folder.resolve("identity.pem");
      String pin = "&peer=" + Identity.ofHost(key).fingerprint();
      return new Ends(new GrpcConnector(), "grpcs", "&cert=" + key, pin);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A link to this port. */
  static Link grpcLink(int port) throws IOException {
    return dialer("grpc://127.0.0.1:" + port + "/name", port, false).dial();
  }

  /** The same over TLS, to a port that has the key in this folder. */
  static Link grpcsLink(Path folder, int port) throws IOException {
    String pin = "peer=" + Identity.ofHost(folder.resolve("identity.pem")).fingerprint();
    return dialer("grpcs://127.0.0.1:" + port + "/name?" + pin, port, true).dial();
  }

  private static GrpcDialer dialer(String text, int port, boolean secure) throws IOException {
    Address address = Address.parse(text);
    SessionOptions options = SessionOptions.DIALING;
    TlsClient tls =
        secure
            ? new TlsClient(TlsOptions.of(address), address.host(), port, text, options.handshake())
            : null;
    return new GrpcDialer(address.host(), port, options, tls, Map.of(), text);
  }
}
