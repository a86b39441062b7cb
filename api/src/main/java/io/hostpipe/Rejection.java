package io.hostpipe;

/**
 * Why a message was refused for good: another try would end the same way.
 *
 * @param status what kind of refusal
 * @param reason one line for a person, without secrets
 * @param attempts how often the message was tried, at least once
 */
public record Rejection(Status status, String reason, int attempts) {
  /** The most characters of a reason that are kept. */
  public static final int REASON_LENGTH_MAX = 1_000;

  public Rejection {
    if (reason.length() > REASON_LENGTH_MAX) {
      reason = reason.substring(0, REASON_LENGTH_MAX);
    }
    attempts = Math.max(1, attempts);
  }

  /** Refused at the first try. */
  public Rejection(Status status, String reason) {
    this(status, reason, 1);
  }
}
