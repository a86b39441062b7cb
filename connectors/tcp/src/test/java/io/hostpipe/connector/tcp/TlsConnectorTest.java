package io.hostpipe.connector.tcp;

import io.hostpipe.testkit.links.TlsTrust;

/** Who is taken over tls. */
final class TlsConnectorTest extends TlsTrust {
  TlsConnectorTest() {
    super(new TlsConnector(), "tls", "tcp", TestEnds.tcp());
  }
}
