package io.hostpipe.connector.grpc;

import io.hostpipe.Listener;
import io.hostpipe.runtime.Link;
import io.hostpipe.testkit.links.RudePeers;
import java.io.IOException;

/** Peers that speak no HTTP/2, and those that break the protocol inside of gRPC. */
final class GrpcRudePeersTest extends RudePeers {
  GrpcRudePeersTest() {
    super(TestEnds.grpc());
  }

  /** What was said before a reset may never have been read. */
  @Override
  protected int toldCount() {
    return 250;
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return TestEnds.grpcLink(listener.address().port());
  }
}
