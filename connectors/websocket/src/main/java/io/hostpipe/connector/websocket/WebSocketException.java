package io.hostpipe.connector.websocket;

import java.io.IOException;

/** The peer broke the rules of WebSocket: the connection is of no further use. */
final class WebSocketException extends IOException {
  private final CloseCode code;

  /** What it did. */
  WebSocketException(String message) {
    this(CloseCode.PROTOCOL_ERROR, message);
  }

  /** What it did, and what it is told. */
  WebSocketException(CloseCode code, String message) {
    super(message);
    this.code = code;
  }

  CloseCode code() {
    return code;
  }
}
