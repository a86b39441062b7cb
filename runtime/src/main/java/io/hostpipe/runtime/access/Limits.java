package io.hostpipe.runtime.access;

/**
 * What a place that listens grants to all who come, together and each.
 *
 * @param strangersMax links whose peers have not proved yet who they are
 * @param strangersPerHostMax of these from one host
 * @param bytesMax what all pipes of the place may have under way together
 * @param messageBytesMax the largest message that is taken, with its headers
 * @param quota of a principal whose token says nothing else
 */
public record Limits(
    int strangersMax, int strangersPerHostMax, long bytesMax, int messageBytesMax, Quota quota) {
  /** 4,096; 1,024; 1 GiB; whatever is a message; none. */
  public static final Limits DEFAULT =
      new Limits(4_096, 1_024, 1L << 30, Integer.MAX_VALUE, Quota.NONE);
}
