package io.hostpipe.session;

import org.jspecify.annotations.Nullable;

/** Whether two ends can make one pipe at all. */
final class Compatibility {
  private Compatibility() {}

  /**
   * Why this peer and this side do not go together; null when they do. The text is read on both
   * sides.
   *
   * @param dialed whether the peer dialed
   */
  static @Nullable SessionFailure mismatch(
      SessionConfig config, Frame.Hello hello, boolean dialed) {
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
          encodings(
              config.name(),
              dialed ? config.encoding() : hello.encoding(),
              dialed ? hello.encoding() : config.encoding()),
          false);
    }
    return fromPeer && !config.kept().contains(hello.ackLevel())
        ? new SessionFailure(Code.UNIMPLEMENTED, notKept(config, hello.ackLevel()), false)
        : null;
  }

  private static String notKept(SessionConfig config, Frame.AckLevel asked) {
    String receiver = "the receiver of '" + config.name() + "'";
    return switch (asked) {
      case RECEIVED -> receiver + " does not acknowledge 'received'; ask for --ack applied";
      case DURABLE ->
          receiver
              + " keeps nothing that survives a loss of power, so it cannot acknowledge 'durable':"
              + " give the receiver --spool DIR, or ask for --ack applied";
      case APPLIED -> receiver + " does not acknowledge 'applied'; ask for --ack received";
    };
  }

  private static String encodings(String name, String listening, String dialing) {
    return "the side that listens for '"
        + name
        + "' carries "
        + named(listening)
        + ", the side that dials "
        + named(dialing)
        + "; give --frame or --frame-out to the side that "
        + (listening.equals("raw") ? "listens" : "dials")
        + " as well, or to neither (programs: the same encoding)";
  }

  private static String named(String encoding) {
    return switch (encoding) {
      case "raw" -> "bytes (raw)";
      case "records" -> "messages (records)";
      default -> encoding;
    };
  }
}
