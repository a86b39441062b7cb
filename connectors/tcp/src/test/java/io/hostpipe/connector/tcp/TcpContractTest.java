package io.hostpipe.connector.tcp;

import io.hostpipe.testkit.links.LinkContract;

/** The contract over real sockets on loopback. */
final class TcpContractTest extends LinkContract {
  TcpContractTest() {
    super(TestEnds.tcp());
  }
}
