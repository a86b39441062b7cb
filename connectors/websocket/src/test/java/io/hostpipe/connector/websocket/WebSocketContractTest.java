package io.hostpipe.connector.websocket;

import io.hostpipe.testkit.links.LinkContract;

/** The contract over WebSockets on loopback. */
final class WebSocketContractTest extends LinkContract {
  WebSocketContractTest() {
    super(TestEnds.ws());
  }
}
