package io.hostpipe;

/**
 * What becomes of messages that a destination refuses, or that are given out again and again: they
 * are kept somewhere else, with the cause in their headers ({@link DeadLetter}), and the rest goes
 * on. A message that is kept there counts as committed, and not before it is kept.
 *
 * @param place where they go, with its options as query parameters: a file, a broker that keeps
 *     messages, a peer
 * @param attempts how often a message is tried that the destination does not take now, being full,
 *     or is given to a reader who does not commit it, before it counts as refused; 0 for as often
 *     as it takes
 */
public record Refused(Address place, int attempts) {
  /**
   * The same.
   *
   * @throws IllegalArgumentException when there are fewer than 0 attempts
   */
  public Refused {
    if (attempts < 0) {
      throw new IllegalArgumentException(attempts + " attempts; there are 0 or more");
    }
  }

  /** They go there; what is not taken now is tried as often as it takes. */
  public static Refused into(String place) throws PipeException {
    return new Refused(Address.parse(place), 0);
  }

  /** The same, and a message that is not taken now is refused when it was tried so often. */
  public Refused afterAttempts(int attemptsMax) {
    return new Refused(place, attemptsMax);
  }
}
