package io.hostpipe.spi;

import io.hostpipe.PipeException;
import java.io.IOException;

/**
 * How a process that was started with a link on its standard input and output, by ssh, hands that
 * link to the process of this user that waits for it; found by {@link java.util.ServiceLoader}.
 * Thread rule: one thread.
 */
public interface StdioPassage {
  /**
   * Passes standard input and output on to whoever waits for that name. Blocks until both ways have
   * ended.
   *
   * @return false when nobody waits, and nothing was read
   */
  boolean pass(String name) throws PipeException, InterruptedException;

  /** Whether somebody waits for that name. */
  boolean awaits(String name) throws PipeException;

  /** Tells whoever started this process that it is there. */
  void greet() throws IOException;

  /** The scheme whose listener takes standard input and output as its first link. */
  String listens();
}
