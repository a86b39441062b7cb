package io.hostpipe.session;

/** The peer sent what the protocol does not allow. */
public final class ProtocolException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int code;
  private final String reason;

  /** With a code of {@link Code} and one line of text. */
  public ProtocolException(int code, String message) {
    super(message);
    this.code = code;
    this.reason = message;
  }

  /** What kind of violation. */
  public int code() {
    return code;
  }

  /** What for, in one line for a person. */
  public String reason() {
    return reason;
  }
}
