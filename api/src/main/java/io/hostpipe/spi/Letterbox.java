package io.hostpipe.spi;

import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The messages that lie at an address, to be looked at and taken out one by one: where dead letters
 * are kept.
 *
 * <p>Thread rule: one thread; {@link #close} from any.
 */
public interface Letterbox extends AutoCloseable {
  /** Who is shown what lies there. */
  @FunctionalInterface
  interface Visitor {
    /**
     * One message.
     *
     * @param number which it is: the same each time it is looked at
     * @param payload valid during the call
     * @return whether the next one is wanted
     */
    boolean letter(long number, ByteBuffer payload, Headers headers)
        throws PipeException, InterruptedException;
  }

  /** Shows what lies there now, the oldest first. Blocks until the last one was shown. */
  void forEach(Visitor visitor) throws PipeException, InterruptedException;

  /**
   * Takes a message out for good. When this returns, nobody is shown it any more, also after a
   * crash. Nothing when it was not shown. Whoever writes there meanwhile is not looked for.
   */
  void remove(long number) throws PipeException, InterruptedException;

  /** As {@link #remove}, for many; a crash meanwhile may leave some of them. */
  default void removeAll(List<Long> numbers) throws PipeException, InterruptedException {
    for (long each : numbers) {
      remove(each);
    }
  }

  /** Releases what it holds. Idempotent. */
  @Override
  void close();
}
