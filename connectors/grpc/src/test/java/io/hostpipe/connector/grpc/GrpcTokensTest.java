package io.hostpipe.connector.grpc;

import io.hostpipe.Listener;
import io.hostpipe.runtime.Link;
import io.hostpipe.testkit.links.LinkTokens;
import java.io.IOException;

/** Tokens of Hostpipes over plain gRPC. */
final class GrpcTokensTest extends LinkTokens {
  GrpcTokensTest() {
    super(TestEnds.grpc(), false);
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return TestEnds.grpcLink(listener.address().port());
  }
}
