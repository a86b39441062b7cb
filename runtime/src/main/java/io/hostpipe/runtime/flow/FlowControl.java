package io.hostpipe.runtime.flow;

import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.spi.BlockPool;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is set by hand of a stream's flow, to be put around its source and its sinks.
 *
 * @param rate how fast the source hands over; null as fast as it can
 * @param batchBytes the size of a batch; 0 whatever comes at once
 * @param linger how long a small batch waits for more
 * @param windowBytes how much may be uncommitted; {@link Long#MAX_VALUE} anything
 * @param windowMessages how many messages may be; {@link Long#MAX_VALUE} any number
 */
public record FlowControl(
    @Nullable Rate rate, int batchBytes, Duration linger, long windowBytes, long windowMessages) {
  /** Nothing is set. */
  public static final FlowControl NONE =
      new FlowControl(null, 0, Duration.ZERO, Long.MAX_VALUE, Long.MAX_VALUE);

  /** The batch that is waited for when nobody said how large. */
  private static final int LINGER_BATCH_BYTES = 256 << 10;

  /** The source, handing over as set. */
  public Source around(Source source, BlockPool pool) throws PipeException {
    Source result = source;
    if (batchBytes > 0 || !linger.isZero()) {
      int size = batchBytes > 0 ? batchBytes : LINGER_BATCH_BYTES;
      result = new GatheringSource(result, size, linger, pool);
    }
    return rate == null ? result : new PacedSource(result, rate);
  }

  /** The sink, with as much uncommitted as set. */
  public Sink around(Sink sink) throws PipeException {
    return windowBytes == Long.MAX_VALUE && windowMessages == Long.MAX_VALUE
        ? sink
        : new WindowedSink(sink, windowBytes, windowMessages);
  }
}
