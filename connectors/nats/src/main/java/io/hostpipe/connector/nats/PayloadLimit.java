package io.hostpipe.connector.nats;

import io.hostpipe.Rejection;
import io.hostpipe.Status;

/** How long a message may be, its headers included. */
final class PayloadLimit {
  /** What a server's own limit is called in its configuration. */
  static final String OF_SERVER = "max_payload";

  private PayloadLimit() {}

  /**
   * Why a message is refused that is longer.
   *
   * @param what it is: a message, a request, an answer
   * @param lengthBytes without its headers
   * @param mostBytes with them
   * @param setting what says so
   */
  static Rejection passed(String what, int lengthBytes, long mostBytes, String setting) {
    return new Rejection(
        Status.OUT_OF_RANGE,
        what
            + " of "
            + lengthBytes
            + " bytes, and the server takes at most "
            + mostBytes
            + " with its headers ("
            + setting
            + ")");
  }
}
