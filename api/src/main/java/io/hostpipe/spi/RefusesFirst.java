package io.hostpipe.spi;

import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.StreamId;

/**
 * A {@link io.hostpipe.Sink} that knows by itself which messages it refuses, and says so before it
 * takes anything behind them.
 *
 * <p>Whoever keeps refused messages can then do so before the sink's place has passed them: a
 * process that is killed in between goes on before the message, and not behind it. Thread rule: as
 * {@link io.hostpipe.Sink}.
 */
public interface RefusesFirst {
  /** Has each refusal told. Called before the first write. */
  void onRefusal(Refusal told);

  /** What ends a stream, a message of which is refused and kept by nobody. */
  static PipeException.Rejected unkept(StreamId stream, long endPosition, Rejection why) {
    return new PipeException.Rejected(
        why.status(),
        "the message that ends at position "
            + endPosition
            + " of the stream "
            + stream
            + " was refused: "
            + why.reason());
  }

  /** Who keeps what is refused. */
  @FunctionalInterface
  interface Refusal {
    /**
     * The message that ends there is refused, and nothing behind it was put yet. Blocks until it is
     * kept; what it throws ends the stream. Called on the thread that would put what is behind it.
     */
    void refused(long endPosition, Rejection why) throws PipeException, InterruptedException;
  }
}
