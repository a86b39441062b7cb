package io.hostpipe.connector.memory;

import io.hostpipe.Pipe;
import io.hostpipe.Sink;
import io.hostpipe.Source;

/** One end of a pipe inside this process. */
final class MemoryPipe implements Pipe {
  private final String description;
  private final Source source;
  private final Sink sink;
  private final Runnable onClose;

  /**
   * An end.
   *
   * @param onClose called with each close, after both directions were closed
   */
  MemoryPipe(String description, MemoryWay in, MemoryWay out, Runnable onClose) {
    this.description = description;
    this.source = new MemorySource(in);
    this.sink = new MemorySink(out);
    this.onClose = onClose;
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
    return description;
  }

  @Override
  public void close() {
    sink.close();
    source.close();
    onClose.run();
  }
}
