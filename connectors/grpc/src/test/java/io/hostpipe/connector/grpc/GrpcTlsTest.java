package io.hostpipe.connector.grpc;

import io.hostpipe.testkit.links.TlsTrust;

/** Who is taken over grpcs. */
final class GrpcTlsTest extends TlsTrust {
  GrpcTlsTest() {
    super(new GrpcConnector(), "grpcs", "grpc", TestEnds.grpc());
  }
}
