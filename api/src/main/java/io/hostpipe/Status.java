package io.hostpipe;

/** The status codes of gRPC, which name what went wrong across every carrier. */
public enum Status {
  OK(0, false),
  CANCELLED(1, false),
  UNKNOWN(2, false),
  INVALID_ARGUMENT(3, false),
  DEADLINE_EXCEEDED(4, true),
  NOT_FOUND(5, true),
  ALREADY_EXISTS(6, true),
  PERMISSION_DENIED(7, false),
  RESOURCE_EXHAUSTED(8, true),
  FAILED_PRECONDITION(9, false),
  ABORTED(10, true),
  OUT_OF_RANGE(11, false),
  UNIMPLEMENTED(12, false),
  INTERNAL(13, false),
  UNAVAILABLE(14, true),
  DATA_LOSS(15, false),
  UNAUTHENTICATED(16, false);

  private static final Status[] BY_CODE = values();

  private final int code;
  private final boolean retryable;

  Status(int code, boolean retryable) {
    this.code = code;
    this.retryable = retryable;
  }

  /** The number on the wire (gRPC's). */
  public int code() {
    return code;
  }

  /** Whether the runtime tries again by itself. */
  public boolean retryable() {
    return retryable;
  }

  /** The status with this number; {@link #UNKNOWN} for a number that is none. */
  public static Status ofCode(int code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : UNKNOWN;
  }
}
