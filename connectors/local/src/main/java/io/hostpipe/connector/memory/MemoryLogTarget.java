package io.hostpipe.connector.memory;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.OpenSinks;

/** Opens streams of a {@link MemoryLog} for writing. */
final class MemoryLogTarget implements Target {
  private final MemoryLog log;
  private final BlockPool pool;
  private final int messageBytesMax;
  private final OpenSinks open = new OpenSinks("the log");

  MemoryLogTarget(MemoryLog log, BlockPool pool, int messageBytesMax) {
    this.log = log;
    this.pool = pool;
    this.messageBytesMax = messageBytesMax;
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException {
    return open.add(MemoryLogSink.open(log.writable(stream, encoding), pool, messageBytesMax));
  }

  @Override
  public boolean manyAtOnce() {
    return true;
  }

  @Override
  public void close() {
    open.close();
  }
}
