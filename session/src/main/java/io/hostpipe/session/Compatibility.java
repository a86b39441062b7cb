package io.hostpipe.session;

import org.jspecify.annotations.Nullable;

/** Whether two ends can make one pipe at all. */
final class Compatibility {
  private Compatibility() {}

  /** Why this peer and this side do not go together; null when they do. */
  static @Nullable SessionFailure mismatch(SessionConfig config, Frame.Hello hello) {
    if (!hello.name().equals(config.name())) {
      return new SessionFailure(
          Code.FAILED_PRECONDITION,
          "the peer speaks of pipe '" + hello.name() + "', this side of '" + config.name() + "'",
          false);
    }
    boolean toPeer = config.sends() && hello.receives();
    boolean fromPeer = config.receives() && hello.sends();
    if (!toPeer && !fromPeer) {
      return new SessionFailure(
          Code.FAILED_PRECONDITION,
          config.sends()
              ? "both ends of '" + config.name() + "' send; one of them has to receive"
              : "both ends of '" + config.name() + "' receive; one of them has to send",
          false);
    }
    if (!hello.encoding().equals(config.encoding())
        && !hello.encoding().equals(SessionConfig.ENCODING_ANY)
        && !config.encoding().equals(SessionConfig.ENCODING_ANY)) {
      return new SessionFailure(
          Code.FAILED_PRECONDITION,
          "one end of '"
              + config.name()
              + "' carries "
              + named(config.encoding())
              + ", the other "
              + named(hello.encoding())
              + "; both have to carry the same: give --frame or --frame-out to both commands, or to"
              + " neither (programs: the same encoding)",
          false);
    }
    if (hello.ackLevel() == Frame.AckLevel.DURABLE && fromPeer && !config.durable()) {
      return new SessionFailure(
          Code.UNIMPLEMENTED, "the receiver cannot acknowledge 'durable'", false);
    }
    return null;
  }

  private static String named(String encoding) {
    return switch (encoding) {
      case "raw" -> "bytes (raw)";
      case "records" -> "messages (records)";
      default -> encoding;
    };
  }
}
