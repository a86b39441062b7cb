package io.hostpipe.spi;

import io.hostpipe.PipeException;
import io.hostpipe.Status;

/** What it means to a pipe that the process has no memory left for what it carries. */
public final class MemoryExhaustion {
  private MemoryExhaustion() {}

  /** The failure of the pipe at this place: its peer is told, and other pipes may go on. */
  public static PipeException toException(String where, OutOfMemoryError error) {
    return new PipeException.Closed(
        Status.RESOURCE_EXHAUSTED,
        where
            + ": out of memory ("
            + error.getMessage()
            + "); take fewer pipes at a time or shorter messages, or give more with"
            + " HOSTPIPE_JAVA_OPTIONS='-Xmx… -XX:MaxDirectMemorySize=…'",
        error);
  }
}
