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
 */
public record SessionOptions(
    Duration heartbeat, Duration handshake, Duration linger, long windowBytes) {
  /** 5 s, 5 s, 10 s, 8 MiB. */
  public static final SessionOptions DEFAULT =
      new SessionOptions(
          Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(10), 8L << 20);
}
