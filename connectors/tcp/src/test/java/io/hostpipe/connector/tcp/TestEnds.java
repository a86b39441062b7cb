package io.hostpipe.connector.tcp;

import io.hostpipe.runtime.tls.Fingerprint;
import io.hostpipe.testkit.links.Ends;
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
}
