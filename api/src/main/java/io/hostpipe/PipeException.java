package io.hostpipe;

import org.jspecify.annotations.Nullable;

/**
 * Why a pipe failed: what, where (address, session, position) and what to do next.
 *
 * <p>What may be retried differs by type, never by text. Messages never hold secrets.
 */
public abstract sealed class PipeException extends java.io.IOException {
  private static final long serialVersionUID = 1L;

  private final Status status;

  private PipeException(Status status, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  /** The status code that names the failure. */
  public final Status status() {
    return status;
  }

  /** The caller asked for something that cannot be: an address, an option, a pair of ends. */
  public static final class Config extends PipeException {
    private static final long serialVersionUID = 1L;

    public Config(String message) {
      super(Status.INVALID_ARGUMENT, message, null);
    }

    public Config(Status status, String message) {
      super(status, message, null);
    }
  }

  /** Nobody answered within the limits. */
  public static final class Unreachable extends PipeException {
    private static final long serialVersionUID = 1L;

    public Unreachable(String message, @Nullable Throwable cause) {
      super(Status.UNAVAILABLE, message, cause);
    }

    public Unreachable(Status status, String message, @Nullable Throwable cause) {
      super(status, message, cause);
    }
  }

  /** The far side, or this one, answered no: rights, versions, a precondition. */
  public static final class Refused extends PipeException {
    private static final long serialVersionUID = 1L;

    public Refused(Status status, String message) {
      super(status, message, null);
    }

    public Refused(Status status, String message, @Nullable Throwable cause) {
      super(status, message, cause);
    }
  }

  /**
   * The receiver was restarted before it had kept all that a process before this one sent, and goes
   * on below the place where this one began. Nothing is lost if the source can go back: open the
   * pipe anew.
   */
  public static final class WentBack extends PipeException {
    private static final long serialVersionUID = 1L;

    public WentBack(String message) {
      super(Status.OUT_OF_RANGE, message, null);
    }
  }

  /** A message was refused for good and there was no place for dead letters. */
  public static final class Rejected extends PipeException {
    private static final long serialVersionUID = 1L;

    public Rejected(Status status, String message) {
      super(status, message, null);
    }
  }

  /** Bytes are gone or altered: positions or digests do not agree. */
  public static final class DataLoss extends PipeException {
    private static final long serialVersionUID = 1L;

    public DataLoss(String message) {
      super(Status.DATA_LOSS, message, null);
    }

    public DataLoss(String message, @Nullable Throwable cause) {
      super(Status.DATA_LOSS, message, cause);
    }
  }

  /** The pipe ended before the stream did: aborted, fenced, or closed by this side. */
  public static final class Closed extends PipeException {
    private static final long serialVersionUID = 1L;

    public Closed(Status status, String message) {
      super(status, message, null);
    }

    public Closed(Status status, String message, @Nullable Throwable cause) {
      super(status, message, cause);
    }
  }
}
