package io.hostpipe.runtime;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Makes links to one peer. Thread rule: one thread. */
public interface Dialer {
  /**
   * Makes a link. Blocks.
   *
   * @throws IOException when the peer cannot be reached now; it is tried again
   * @throws io.hostpipe.PipeException.Config when it never can be; it is not tried again
   * @throws io.hostpipe.PipeException.Refused when one side does not take the other; nor then
   */
  Link dial() throws IOException;

  /** Whom it dials, for people. */
  String peer();

  /**
   * Equal for all dialers whose links lead to the same peer in the same way: a link of one may
   * carry a pipe of another. Null where a link carries one pipe alone.
   */
  default @Nullable Object peerKey() {
    return null;
  }
}
