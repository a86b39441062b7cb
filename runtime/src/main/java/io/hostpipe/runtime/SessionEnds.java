package io.hostpipe.runtime;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.PipeException;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * What ends that speak the session protocol have in common, whichever carrier they use: their
 * options and what they promise. For the connectors of links. Thread rule: any thread.
 */
public final class SessionEnds {
  private static final List<OptionSpec> OPTIONS =
      List.of(
          OptionSpec.value(
              "heartbeat",
              "DURATION",
              "5s",
              "ask for a sign of life after so long; dead after three"),
          OptionSpec.value(
              "handshake",
              "DURATION",
              "5s",
              "how long a new connection may take to introduce itself"),
          OptionSpec.value(
              "linger",
              "DURATION",
              "10s",
              "how long a finished receiver stays for a lost farewell"),
          OptionSpec.value("window", "BYTES", "32MiB", "how many bytes may be under way"),
          AccessOptions.BINDING);

  private static final List<OptionSpec> DIAL_OPTIONS =
      List.of(
          AccessOptions.TOKEN,
          OptionSpec.value(
              "pool-max",
              "N",
              "4 x processors",
              "how many idle links to this peer are kept for the next pipe; 0: none"),
          OptionSpec.value("pool-idle", "DURATION", "30s", "how long an idle link is kept"));

  private static final List<OptionSpec> LISTEN_OPTIONS =
      List.of(
          OptionSpec.value(
              "pool-max", "N", "1024", "how many idle links may wait for a next pipe; 0: none"),
          OptionSpec.value("pool-idle", "DURATION", "60s", "how long an idle link may wait"),
          OptionSpec.value(
              "backlog", "N", "16", "how many welcomed pipes may wait to be accepted"));

  /** What a session promises by itself. */
  public static final Capabilities CAPABILITIES =
      new Capabilities(
          false,
          true,
          false,
          true,
          true,
          true,
          "what is under way is kept in memory: it survives broken links, not the end of either"
              + " process");

  private static final int BACKLOG_DEFAULT = 16;
  private static final int BACKLOG_MAX = 100_000;
  private static final int POOL_MAX_MAX = 100_000;

  /**
   * How many connections may wait in the kernel to be taken. Beyond that it forgets them, and a
   * peer who is waiting to be spoken to never learns: so this is as much as Linux allows by
   * default.
   */
  private static final int QUEUE_LENGTH_MIN = 4_096;

  private static final long WINDOW_BYTES_MAX = 1L << 30;
  private static final Duration DURATION_MIN = Duration.ofMillis(10);
  private static final Duration DURATION_MAX = Duration.ofHours(1);

  private SessionEnds() {}

  /** The options of an end that dials, and these. */
  public static List<OptionSpec> dialOptions(OptionSpec... more) {
    return Stream.of(OPTIONS, DIAL_OPTIONS, List.of(more)).flatMap(List::stream).toList();
  }

  /** The options of an end that listens, and these. */
  public static List<OptionSpec> listenOptions(OptionSpec... more) {
    return Stream.of(OPTIONS, LISTEN_OPTIONS, AccessOptions.LISTEN, List.of(more))
        .flatMap(List::stream)
        .toList();
  }

  /**
   * The session's options, after all names were checked.
   *
   * @param carrier what protects the links
   */
  public static SessionOptions options(
      Address address, List<OptionSpec> known, AccessOptions.Carrier carrier) throws PipeException {
    OptionValues.checkNames(address, known);
    boolean listens = address.scheme().endsWith("-listen");
    SessionOptions defaults = listens ? SessionOptions.LISTENING : SessionOptions.DIALING;
    return new SessionOptions(
        OptionValues.duration(
            address, "heartbeat", defaults.heartbeat(), DURATION_MIN, DURATION_MAX),
        OptionValues.duration(
            address, "handshake", defaults.handshake(), DURATION_MIN, DURATION_MAX),
        OptionValues.duration(address, "linger", defaults.linger(), Duration.ZERO, DURATION_MAX),
        OptionValues.bytes(address, "window", defaults.windowBytes(), 1, WINDOW_BYTES_MAX),
        OptionValues.integer(address, "pool-max", defaults.poolMax(), 0, POOL_MAX_MAX),
        OptionValues.duration(
            address, "pool-idle", defaults.poolIdle(), DURATION_MIN, DURATION_MAX),
        AccessOptions.read(address, listens, carrier),
        AccessOptions.strangerLinesMax(address));
  }

  /** How many welcomed pipes may wait to be accepted. */
  public static int backlog(Address address) throws PipeException {
    return OptionValues.integer(address, "backlog", BACKLOG_DEFAULT, 1, BACKLOG_MAX);
  }

  /** How many connections may wait in the kernel, so that this backlog can be filled. */
  public static int queueLength(int backlog) {
    return Math.max(backlog, QUEUE_LENGTH_MIN);
  }
}
