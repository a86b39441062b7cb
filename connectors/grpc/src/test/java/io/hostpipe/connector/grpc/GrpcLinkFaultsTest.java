package io.hostpipe.connector.grpc;

import io.hostpipe.testkit.links.LinkFaults;

/** Broken links over loopback: the proxy cuts inside frames of HTTP/2. */
final class GrpcLinkFaultsTest extends LinkFaults {
  GrpcLinkFaultsTest() {
    super(TestEnds.grpc());
  }
}
