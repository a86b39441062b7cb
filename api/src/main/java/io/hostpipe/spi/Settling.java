package io.hostpipe.spi;

import io.hostpipe.PipeException;

/**
 * A sink that can make what it has as lasting as {@link io.hostpipe.Sink#finish} would, and go on.
 *
 * <p>A sink that many streams share needs it: one of them has ended, and the others have not.
 * Thread rule: the writer's thread.
 */
public interface Settling {
  /** Blocks until everything written so far is where it would be after a finish. */
  void settle() throws PipeException, InterruptedException;
}
