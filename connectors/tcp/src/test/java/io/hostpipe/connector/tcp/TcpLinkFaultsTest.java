package io.hostpipe.connector.tcp;

/** Broken links over loopback. */
final class TcpLinkFaultsTest extends LinkFaults {
  TcpLinkFaultsTest() {
    super(new Ends());
  }
}
