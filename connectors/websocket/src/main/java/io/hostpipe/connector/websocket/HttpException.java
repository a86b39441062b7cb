package io.hostpipe.connector.websocket;

import java.io.IOException;

/** What came is not the HTTP that is spoken here; says what the peer is answered, if it asked. */
final class HttpException extends IOException {
  private final int status;

  /** With the status that answers it. */
  HttpException(int status, String message) {
    super(message);
    this.status = status;
  }

  int status() {
    return status;
  }
}
