package io.hostpipe.runtime;

import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.PipeStats;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.runtime.flow.PacedSink;
import io.hostpipe.runtime.flow.PacedSource;
import io.hostpipe.runtime.flow.Rate;
import io.hostpipe.runtime.flow.TokenBucket;

/** A pipe that is no faster, both ways together, than its principal may be with all its pipes. */
final class PacedPipe implements Pipe {
  private final Pipe inner;
  private final Source source;
  private final Sink sink;

  PacedPipe(Pipe inner, Rate rate, TokenBucket bucket) throws PipeException {
    this.inner = inner;
    this.source = new PacedSource(inner.source(), rate, bucket);
    this.sink = new PacedSink(inner.sink(), bucket);
  }

  @Override
  public Source source() {
    return source;
  }

  @Override
  public Sink sink() {
    return sink;
  }

  @Override
  public String description() {
    return inner.description();
  }

  @Override
  public PipeStats stats() {
    return inner.stats();
  }

  /** The whole first: a half that is closed by itself may mean that the other one goes on. */
  @Override
  public void close() {
    inner.close();
    source.close();
    sink.close();
  }
}
