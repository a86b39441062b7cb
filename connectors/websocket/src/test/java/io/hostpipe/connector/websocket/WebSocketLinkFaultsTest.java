package io.hostpipe.connector.websocket;

import io.hostpipe.testkit.links.LinkFaults;

/** Broken links over loopback: the proxy cuts inside frames of WebSocket. */
final class WebSocketLinkFaultsTest extends LinkFaults {
  WebSocketLinkFaultsTest() {
    super(TestEnds.ws());
  }
}
