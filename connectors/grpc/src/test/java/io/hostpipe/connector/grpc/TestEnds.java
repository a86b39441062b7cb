package io.hostpipe.connector.grpc;

import io.hostpipe.testkit.links.Ends;

/** Ends over the carrier of this module. */
final class TestEnds {
  private TestEnds() {}

  static Ends grpc() {
    return new Ends(new GrpcConnector(), "grpc", "", "");
  }
}
