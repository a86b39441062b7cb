package io.hostpipe.connector.websocket;

import io.hostpipe.Listener;
import io.hostpipe.runtime.Link;
import io.hostpipe.testkit.links.LinkTokens;
import java.io.IOException;

/** Tokens over plain WebSockets. */
final class WebSocketTokensTest extends LinkTokens {
  WebSocketTokensTest() {
    super(TestEnds.ws(), false);
  }

  @Override
  protected Link link(Listener listener) throws IOException {
    return TestEnds.wsLink(listener.address().port(), "name");
  }
}
