package io.hostpipe.connector.memory;

import io.hostpipe.spi.PairedPipe;

/** One end of a pipe inside this process. */
final class MemoryPipe extends PairedPipe {
  private final Runnable onClose;

  /**
   * An end.
   *
   * @param onClose called with each close, after both directions were closed
   */
  MemoryPipe(String description, MemoryWay in, MemoryWay out, Runnable onClose) {
    super(new MemorySource(in), new MemorySink(out), () -> description);
    this.onClose = onClose;
  }

  @Override
  public void close() {
    sink().close();
    source().close();
    onClose.run();
  }
}
