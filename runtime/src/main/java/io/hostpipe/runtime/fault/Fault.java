package io.hostpipe.runtime.fault;

/** How a connection through a {@link FaultProxy} ends. */
public enum Fault {
  /** Both sides see an orderly end of the connection in the middle of everything. */
  FIN("end of connection (FIN)"),
  /** Both sides see a reset; what was on its way is gone. */
  RESET("reset (RST)"),
  /** Half of what was about to pass arrives, then a reset. */
  TORN_FRAME("torn frame, then reset"),
  /** Nothing passes any more, either way, and nobody is told for a while; then a reset. */
  BLACKHOLE("blackhole"),
  /** What goes against the stream no longer passes; the rest does for a while; then a reset. */
  ONE_WAY_BLACKHOLE("one-way blackhole");

  private final String text;

  Fault(String text) {
    this.text = text;
  }

  /** For people. */
  @Override
  public String toString() {
    return text;
  }
}
