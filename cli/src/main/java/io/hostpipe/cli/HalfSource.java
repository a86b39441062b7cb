package io.hostpipe.cli;

import io.hostpipe.Source;
import io.hostpipe.spi.ForwardingSource;

/**
 * The incoming half of a pipe whose other half goes on: closing it behind its end does nothing,
 * since whoever has the pipe closes both. Closing it before its end aborts the pipe. Thread rule:
 * as {@link Source}.
 */
final class HalfSource extends ForwardingSource {
  HalfSource(Source source) {
    super(source);
  }

  @Override
  public void abort(String reason) {
    if (!inner.finished()) {
      inner.abort(reason);
    }
  }

  @Override
  public void close() {
    if (!inner.finished()) {
      inner.close();
    }
  }
}
