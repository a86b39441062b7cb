package io.hostpipe.runtime;

import java.time.Duration;

/**
 * What the sessions of one address are tuned with.
 *
 * @param heartbeat after so long without a byte a sign of life is asked for; after three the link
 *     is dead
 * @param handshake how long a new link may take until both sides have welcomed each other
 * @param linger how long a finished receiver stays for a sender that lost its confirmation
 * @param windowBytes how far the receiver's window may grow, and how much a sender holds
 * @param poolMax how many links that carry no pipe are kept for the next one: to the peer that is
 *     dialed, or on the port that listens; 0 keeps none
 * @param poolIdle how long such a link is kept
 */
public record SessionOptions(
    Duration heartbeat,
    Duration handshake,
    Duration linger,
    long windowBytes,
    int poolMax,
    Duration poolIdle) {
  /** For those who dial: 5 s, 5 s, 10 s, 8 MiB, 4 for each processor, 30 s. */
  public static final SessionOptions DIALING =
      new SessionOptions(
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(10),
          8L << 20,
          4 * Runtime.getRuntime().availableProcessors(),
          Duration.ofSeconds(30));

  /** For those who listen: many peers come, and a dialer should be the one who lets go first. */
  public static final SessionOptions LISTENING =
      new SessionOptions(
          DIALING.heartbeat,
          DIALING.handshake,
          DIALING.linger,
          DIALING.windowBytes,
          1_024,
          Duration.ofSeconds(60));
}
