package io.hostpipe.connector.grpc;

import io.hostpipe.testkit.links.LinkContract;

/** The contract over real streams on loopback. */
final class GrpcContractTest extends LinkContract {
  GrpcContractTest() {
    super(TestEnds.grpc());
  }
}
