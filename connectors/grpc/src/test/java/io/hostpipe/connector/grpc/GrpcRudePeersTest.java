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

  /** Who opens no call, and says nothing wrong, is HTTP/2's business, and leaves as it came. */
  @Override
  protected int toldCount() {
    return 150;
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return TestEnds.grpcLink(listener.address().port());
  }
}
