package io.hostpipe.connector.grpc;

import io.hostpipe.runtime.tls.Identity;
import io.hostpipe.testkit.links.Ends;
import java.io.IOException;
import java.nio.file.Path;

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
}
