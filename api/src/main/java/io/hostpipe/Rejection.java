package io.hostpipe;

/**
 * Why a message was refused for good: another try would end the same way.
 *
 * @param status what kind of refusal
 * @param reason one line for a person, without secrets
 */
public record Rejection(Status status, String reason) {
  /** The most characters of a reason that are kept. */
  public static final int REASON_LENGTH_MAX = 1_000;

  public Rejection {
    if (reason.length() > REASON_LENGTH_MAX) {
      reason = reason.substring(0, REASON_LENGTH_MAX);
    }
  }
}
