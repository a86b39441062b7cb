package io.hostpipe.runtime;

import java.io.IOException;

/** Takes links from peers. Thread rule: one thread accepts, any closes. */
public interface LinkListener extends AutoCloseable {
  /**
   * The next link. Blocks.
   *
   * @throws java.nio.channels.ClosedChannelException when this listener was closed
   * @throws IOException when one could not be taken now (out of descriptors); the next may work
   */
  Link accept() throws IOException;

  /** The port that was taken; negative where there are none. */
  int port();

  /** Where it listens, for people. */
  default String place() {
    return "port " + port();
  }

  @Override
  void close();
}
