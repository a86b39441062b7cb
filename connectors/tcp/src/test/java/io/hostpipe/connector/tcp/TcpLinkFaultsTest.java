package io.hostpipe.connector.tcp;

import io.hostpipe.testkit.links.LinkFaults;

/** Broken links over loopback. */
final class TcpLinkFaultsTest extends LinkFaults {
  TcpLinkFaultsTest() {
    super(TestEnds.tcp());
  }
}
