package io.hostpipe.runtime;

import io.hostpipe.PipeException;

/** One stream on its way from its source into its sinks, to be run once. */
public sealed interface Transfer extends AutoCloseable permits Relay, SpooledRelay {
  /**
   * Runs the stream to its end. Blocks.
   *
   * @throws PipeException what ended it before that: of a sink, of the source, or Rejected
   */
  void run() throws PipeException, InterruptedException;

  /** How far the sinks have got. Any thread. */
  RelayProgress progress();

  /** Closes the source and the sinks, which ends a {@link #run}. Idempotent, any thread. */
  @Override
  void close();
}
