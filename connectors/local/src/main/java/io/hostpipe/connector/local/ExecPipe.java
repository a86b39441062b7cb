package io.hostpipe.connector.local;

import io.hostpipe.Pipe;
import io.hostpipe.Sink;
import io.hostpipe.Source;

/** A program as a peer: its output is what comes in, its input is where what goes out goes. */
final class ExecPipe implements Pipe {
  private final String where;
  private final Source source;
  private final Sink sink;

  /** A pipe that owns both ends of a program which has just been started. */
  ExecPipe(String where, Source source, Sink sink) {
    this.where = where;
    this.source = source;
    this.sink = sink;
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
    return where;
  }

  @Override
  public void close() {
    sink.close();
    source.close();
  }
}
