package io.hostpipe.connector.nats;

import io.nats.client.JetStreamApiException;

/** The error codes of JetStream's API that mean something here (nats-server, errors.json). */
final class JetStreamErrors {
  static final int NOT_ENABLED = 10076;
  static final int NOT_ENABLED_FOR_ACCOUNT = 10039;
  static final int STREAM_NOT_FOUND = 10059;
  static final int CONSUMER_NOT_FOUND = 10014;
  static final int NO_MESSAGE_FOUND = 10037;
  static final int WRONG_LAST_SEQUENCE = 10071;
  static final int WRONG_LAST_MESSAGE_ID = 10070;

  private JetStreamErrors() {}

  /** Whether it says that there is no such thing. */
  static boolean isNotFound(JetStreamApiException answer) {
    return switch (answer.getApiErrorCode()) {
      case STREAM_NOT_FOUND, CONSUMER_NOT_FOUND, NO_MESSAGE_FOUND -> true;
      default -> answer.getErrorCode() == 404;
    };
  }

  /** Whether it says that another message than expected is the last one. */
  static boolean isWrongLast(JetStreamApiException answer) {
    return answer.getApiErrorCode() == WRONG_LAST_SEQUENCE
        || answer.getApiErrorCode() == WRONG_LAST_MESSAGE_ID;
  }
}
