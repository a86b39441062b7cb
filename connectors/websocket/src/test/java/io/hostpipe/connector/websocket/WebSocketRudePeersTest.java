package io.hostpipe.connector.websocket;

import io.hostpipe.Listener;
import io.hostpipe.runtime.Link;
import io.hostpipe.testkit.links.RudePeers;
import java.io.IOException;

/** Peers that open no WebSocket, and those that break the protocol inside. */
final class WebSocketRudePeersTest extends RudePeers {
  WebSocketRudePeersTest() {
    super(TestEnds.ws());
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return TestEnds.wsLink(listener.address().port(), "name");
  }
}
