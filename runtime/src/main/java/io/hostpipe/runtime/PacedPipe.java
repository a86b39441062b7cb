package io.hostpipe.runtime;

import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.PipeStats;
import io.hostpipe.runtime.flow.PacedSink;
import io.hostpipe.runtime.flow.PacedSource;
import io.hostpipe.runtime.flow.Rate;
import io.hostpipe.runtime.flow.TokenBucket;
import io.hostpipe.spi.PairedPipe;

/** A pipe that is no faster, both ways together, than its principal may be with all its pipes. */
final class PacedPipe extends PairedPipe {
  private final Pipe inner;

  PacedPipe(Pipe inner, Rate rate, TokenBucket bucket) throws PipeException {
    super(
        new PacedSource(inner.source(), rate, bucket),
        new PacedSink(inner.sink(), bucket),
        inner::description);
    this.inner = inner;
  }

  @Override
  public PipeStats stats() {
    return inner.stats();
  }

  /** The whole first: a half that is closed by itself may mean that the other one goes on. */
  @Override
  public void close() {
    inner.close();
    source().close();
    sink().close();
  }
}
