package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Headers;

/** What came back for a request. Immutable, as long as nobody changes its body. */
final class Answer {
  private static final int OVERHEAD_BYTES = 256;

  private final byte[] body;
  private final Headers headers;

  Answer(byte[] body, Headers headers) {
    this.body = body;
    this.headers = headers;
  }

  byte[] body() {
    return body;
  }

  /** In a record. */
  Headers headers() {
    return headers;
  }

  /** What it takes in memory, about. */
  long bytes() {
    return (long) body.length + headers.lengthBytes() + OVERHEAD_BYTES;
  }
}
