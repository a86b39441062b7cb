package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Refused;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;

/**
 * Keeps what sinks and sources refuse; found by {@link java.util.ServiceLoader}, in {@code
 * hostpipe-runtime}. Thread rule: any thread.
 */
public interface LetterKeeper {
  /**
   * A sink around another one that keeps elsewhere what that refuses. Blocks until that place is
   * there.
   *
   * @param sink owned from here on, also when this throws
   * @param stream that it writes
   * @param destination where the sink is, for people who read the letters
   * @param context of the sink
   */
  Sink around(Sink sink, StreamId stream, Address destination, Refused refused, PipeContext context)
      throws PipeException, InterruptedException;

  /**
   * Has a source keep elsewhere what it refuses by itself. Blocks until that place is there. Called
   * before the first read.
   *
   * @param stream that the source gives
   * @param origin where the source is, for people who read the letters
   * @param context of the source
   * @return closes that place, behind the source
   */
  Runnable behind(
      RefusingSource source, StreamId stream, Address origin, Refused refused, PipeContext context)
      throws PipeException, InterruptedException;
}
