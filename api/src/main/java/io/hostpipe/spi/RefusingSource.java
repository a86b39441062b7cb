package io.hostpipe.spi;

import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import java.nio.ByteBuffer;

/**
 * What a {@link io.hostpipe.Source} implements that refuses messages by itself, instead of handing
 * them over once more: the place that they lie in tells how often they were given out, and nobody
 * has committed them. Such a message is no part of the stream.
 *
 * <p>Thread rule: as {@link io.hostpipe.Source}.
 */
public interface RefusingSource {
  /**
   * Has each of them kept before it is taken from where it lies. Called before the first read;
   * without it they go where that place itself puts what is refused, or end the stream.
   */
  void onRefused(Keeper keeper);

  /** How many lie where that place itself puts what is refused. Any thread. */
  long refusedCount();

  /** Who keeps what is refused. */
  @FunctionalInterface
  interface Keeper {
    /**
     * Keeps a message. Blocks until that is done; what it throws ends the stream. Called on the
     * thread that reads.
     *
     * @param position where the stream stands
     * @param payload valid during the call
     */
    void keep(long position, ByteBuffer payload, Headers headers, Rejection why)
        throws PipeException, InterruptedException;
  }
}
