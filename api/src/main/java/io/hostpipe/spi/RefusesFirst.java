package io.hostpipe.spi;

import io.hostpipe.PipeException;
import io.hostpipe.Rejection;

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
