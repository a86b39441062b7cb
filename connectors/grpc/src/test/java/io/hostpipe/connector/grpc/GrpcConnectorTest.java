package io.hostpipe.connector.grpc;

import io.hostpipe.testkit.links.PlainPorts;

/** What grpc takes, refuses and says. */
final class GrpcConnectorTest extends PlainPorts {
  GrpcConnectorTest() {
    super(new GrpcConnector(), TestEnds.grpc(), "grpc", "takes links");
  }
}
