package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.spi.ForwardingSink;

/**
 * The outgoing half of a pipe whose other half goes on: closing it behind its end does nothing,
 * since whoever has the pipe closes both. Closing it before its end aborts the pipe. Thread rule:
 * as {@link Sink}.
 */
final class HalfSink extends ForwardingSink {
  private volatile boolean finished;

  HalfSink(Sink sink) {
    super(sink);
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    inner.finish();
    finished = true;
  }

  @Override
  public void abort(String reason) {
    if (!finished) {
      inner.abort(reason);
    }
  }

  @Override
  public void close() {
    if (!finished) {
      inner.close();
    }
  }
}
