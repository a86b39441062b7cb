package io.hostpipe.connector.tcp;

import io.hostpipe.testkit.links.PlainPorts;

/** What tcp takes, refuses and says. */
final class TcpConnectorTest extends PlainPorts {
  TcpConnectorTest() {
    super(new TcpConnector(), TestEnds.tcp(), "tcp", "takes connections");
  }
}
