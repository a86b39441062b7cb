package io.hostpipe.connector.nats;

import io.nats.client.JetStreamApiException;

/** The error codes of JetStream's API that mean something here (nats-server, errors.json). */
final class JetStreamErrors {
  private static final int NOT_ENABLED = 10076;
  private static final int NOT_ENABLED_FOR_ACCOUNT = 10039;
  private static final int STREAM_NOT_FOUND = 10059;
  private static final int CONSUMER_NOT_FOUND = 10014;
  private static final int NO_MESSAGE_FOUND = 10037;
  private static final int NOT_FOUND = 404;
  private static final int UNAVAILABLE = 503;

  private JetStreamErrors() {}

  /** Whether it says that there is no such thing. */
  static boolean isNotFound(JetStreamApiException answer) {
    return switch (answer.getApiErrorCode()) {
      case STREAM_NOT_FOUND, CONSUMER_NOT_FOUND, NO_MESSAGE_FOUND -> true;
      default -> answer.getErrorCode() == NOT_FOUND;
    };
  }

  /** Whether the server has no JetStream, or not for this account. */
  static boolean isMissing(JetStreamApiException answer) {
    return answer.getApiErrorCode() == NOT_ENABLED
        || answer.getApiErrorCode() == NOT_ENABLED_FOR_ACCOUNT;
  }

  /** Whether it passes by itself: a cluster that has no leader yet, or no room at the moment. */
  static boolean passes(JetStreamApiException answer) {
    return answer.getErrorCode() == UNAVAILABLE && !isMissing(answer);
  }
}
