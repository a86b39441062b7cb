package io.hostpipe;

import io.hostpipe.spi.Holdings;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What many streams are written into: a file, a table, a broker. It owns the pools and transactions
 * that its sinks share.
 *
 * <p>Thread rule: any thread.
 */
public interface Target extends Holdings, AutoCloseable {
  /** The sink of this stream, opened where it stands. */
  Sink open(StreamId stream, Encoding encoding) throws PipeException, InterruptedException;

  /**
   * Whether sinks of several streams may be open at the same time, each with its own place. What
   * says no takes one stream after another, or a {@code MixedTarget} of the runtime around it.
   */
  default boolean manyAtOnce() {
    return false;
  }

  /** Whether the streams that are open at the same time lie between each other in one place. */
  default boolean mixes() {
    return false;
  }

  /** What ended it, and so all its streams; null while it takes more. Never blocks. */
  default @Nullable PipeException failure() {
    return null;
  }

  /** Nothing, for what forgets its streams when its process ends. */
  @Override
  default @Nullable Resume held(StreamId stream) throws PipeException {
    return null;
  }

  /** None, for what forgets its streams when its process ends. */
  @Override
  default List<StreamId> heldStreams() throws PipeException {
    return List.of();
  }

  /** Closes every sink that is still open, then what they share. Idempotent. */
  @Override
  void close();
}
