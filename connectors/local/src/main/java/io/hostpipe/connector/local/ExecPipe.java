package io.hostpipe.connector.local;

import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.spi.PairedPipe;

/** A program as a peer: its output is what comes in, its input is where what goes out goes. */
final class ExecPipe extends PairedPipe {
  /** A pipe that owns both ends of a program which has just been started. */
  ExecPipe(String where, Source source, Sink sink) {
    super(source, sink, () -> where);
  }

  @Override
  public void close() {
    sink().close();
    source().close();
  }
}
