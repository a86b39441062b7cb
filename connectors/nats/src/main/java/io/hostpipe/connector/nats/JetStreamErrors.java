package io.hostpipe.connector.nats;

import io.nats.client.JetStreamApiException;

/** The error codes of JetStream's API that mean something here (nats-server, errors.json). */
final class JetStreamErrors {
  /** A cluster that is being put together, or has just lost a server, knows too few others. */
  private static final int NO_PEERS = 10005;

  private static final int NOT_ASSIGNED = 10007;
  private static final int NOT_LEADER = 10009;
  private static final int NOT_ENABLED = 10076;
  private static final int NOT_ENABLED_FOR_ACCOUNT = 10039;
  private static final int STREAM_NOT_FOUND = 10059;
  private static final int CONSUMER_NOT_FOUND = 10014;
  private static final int NO_MESSAGE_FOUND = 10037;
  private static final int MESSAGE_TOO_LONG = 10054;
  private static final int NOT_STORED = 10077;

  /** The account has used what it is allowed, or the server what all may use together. */
  private static final int ACCOUNT_FULL = 10002;

  private static final int SERVER_FULL = 10023;

  /** What is reserved for the streams there are leaves nothing for another one. */
  private static final int MEMORY_RESERVED = 10028;

  private static final int STORAGE_RESERVED = 10047;
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

  /** Whether it is about the message alone: the stream does not take it, or has no room for it. */
  static boolean isAboutMessage(JetStreamApiException answer) {
    return switch (answer.getApiErrorCode()) {
      case MESSAGE_TOO_LONG, NOT_STORED -> true;
      default -> false;
    };
  }

  /** Whether it says that the message is too long for the stream. */
  static boolean isTooLong(JetStreamApiException answer) {
    return answer.getApiErrorCode() == MESSAGE_TOO_LONG;
  }

  /** Whether nothing more is stored in the server, or for the account, for want of room. */
  static boolean isOutOfRoom(JetStreamApiException answer) {
    return switch (answer.getApiErrorCode()) {
      case ACCOUNT_FULL, SERVER_FULL, MEMORY_RESERVED, STORAGE_RESERVED -> true;
      default -> false;
    };
  }

  /** The same for people. */
  static String noRoom(JetStreamApiException answer) {
    return "the server's JetStream has no room (" + answer.getErrorDescription() + ")";
  }

  /** Whether the server has no JetStream, or not for this account. */
  static boolean isMissing(JetStreamApiException answer) {
    return answer.getApiErrorCode() == NOT_ENABLED
        || answer.getApiErrorCode() == NOT_ENABLED_FOR_ACCOUNT;
  }

  /** Whether it passes by itself: a cluster that has no leader yet, or no room at the moment. */
  static boolean passes(JetStreamApiException answer) {
    return switch (answer.getApiErrorCode()) {
      case NO_PEERS, NOT_ASSIGNED, NOT_LEADER -> true;
      default -> answer.getErrorCode() == UNAVAILABLE && !isMissing(answer);
    };
  }
}
