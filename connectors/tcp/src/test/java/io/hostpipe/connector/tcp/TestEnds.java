package io.hostpipe.connector.tcp;

import io.hostpipe.Address;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.runtime.socket.TcpDialer;
import io.hostpipe.runtime.tls.Fingerprint;
import io.hostpipe.runtime.tls.TlsClient;
import io.hostpipe.runtime.tls.TlsOptions;
import io.hostpipe.testkit.links.Ends;
import java.io.IOException;
import java.nio.file.Path;

/** Ends over the carriers of this module. */
final class TestEnds {
  private TestEnds() {}

  static Ends tcp() {
    return new Ends(new TcpConnector(), "tcp", "", "");
  }

  /** With sockets in this folder. */
  static Ends unix(Path folder) {
    return new Ends(new UnixConnector(), folder);
  }

  /** With a key that is made in this folder and pinned. */
  static Ends tls(Path folder) {
    Path key = folder.resolve("identity.pem");
    Fingerprint fingerprint = TestKeys.identity(key).fingerprint();
    return new Ends(new TlsConnector(), "tls", "&cert=" + key, "&peer=" + fingerprint);
  }

  /** A TLS connection to a port of this host that has this key. */
  static Link tlsLink(Path folder, int port) throws IOException {
    String pin = "peer=" + TestKeys.identity(folder.resolve("identity.pem")).fingerprint();
    Address address = Address.parse("tls://127.0.0.1:" + port + "/?" + pin);
    TlsClient client =
        new TlsClient(
            TlsOptions.of(address),
            address.host(),
            port,
            address.toString(),
            SessionOptions.DIALING.handshake());
    return client.link(new TcpDialer(address.host(), port).dial(), TlsConnector.SCHEMES);
  }
}
