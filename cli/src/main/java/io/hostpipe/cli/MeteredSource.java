package io.hostpipe.cli;

import io.hostpipe.Batch;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.spi.ForwardingSource;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A source whose batches are metered as they pass. Thread rule: as {@link Source}. */
final class MeteredSource extends ForwardingSource {
  private final Meter meter;

  MeteredSource(Source source, Meter meter) {
    super(source);
    this.meter = meter;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    return counted(inner.read());
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return counted(inner.read(timeout));
  }

  private @Nullable Batch counted(@Nullable Batch batch) {
    if (batch != null) {
      meter.onRead(batch);
    }
    return batch;
  }
}
