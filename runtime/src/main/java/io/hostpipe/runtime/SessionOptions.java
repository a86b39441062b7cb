package io.hostpipe.runtime;

import io.hostpipe.runtime.access.Access;
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
 * @param access who may come, and who this side is
 * @param strangerLinesMax how many lines a minute are said about those who are not let in
 */
public record SessionOptions(
    Duration heartbeat,
    Duration handshake,
    Duration linger,
    long windowBytes,
    int poolMax,
    Duration poolIdle,
    Access access,
    int strangerLinesMax) {
  /** What is said about strangers by default. */
  public static final int STRANGER_LINES_DEFAULT = 60;

  /** For those who dial: 5 s, 5 s, 10 s, 32 MiB, 4 for each processor, 30 s. */
  public static final SessionOptions DIALING =
      new SessionOptions(
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(10),
          32L << 20,
          4 * Runtime.getRuntime().availableProcessors(),
          Duration.ofSeconds(30),
          Access.OPEN,
          STRANGER_LINES_DEFAULT);

  /** For those who listen: many peers come, and a dialer should be the one who lets go first. */
  public static final SessionOptions LISTENING =
      new SessionOptions(
          DIALING.heartbeat,
          DIALING.handshake,
          DIALING.linger,
          DIALING.windowBytes,
          1_024,
          Duration.ofSeconds(60),
          Access.OPEN,
          STRANGER_LINES_DEFAULT);

  /** The same for this access. */
  public SessionOptions withAccess(Access other) {
    return new SessionOptions(
        heartbeat, handshake, linger, windowBytes, poolMax, poolIdle, other, strangerLinesMax);
  }
}
