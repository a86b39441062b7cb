package io.hostpipe.runtime;

import java.io.IOException;

/** Makes links to one peer. Thread rule: one thread. */
public interface Dialer {
  /**
   * Makes a link. Blocks.
   *
   * @throws IOException when the peer cannot be reached now; it is tried again
   * @throws io.hostpipe.PipeException.Config when it never can be; it is not tried again
   */
  Link dial() throws IOException;

  /** Whom it dials, for people. */
  String peer();
}
