package io.hostpipe.connector.memory;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** Opens streams of a {@link MemoryLog} for writing. */
final class MemoryLogTarget implements Target {
  private final MemoryLog log;
  private final BlockPool pool;
  private final int messageBytesMax;
  private final ReentrantLock lock = new ReentrantLock();
  private final Set<Sink> open = new HashSet<>();
  private boolean closed;

  MemoryLogTarget(MemoryLog log, BlockPool pool, int messageBytesMax) {
    this.log = log;
    this.pool = pool;
    this.messageBytesMax = messageBytesMax;
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException {
    lock.lock();
    try {
      if (closed) {
        throw new PipeException.Closed(Status.CANCELLED, "the log was closed on this side");
      }
      Sink sink = MemoryLogSink.open(log.writable(stream, encoding), pool, messageBytesMax);
      open.add(sink);
      return sink;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean manyAtOnce() {
    return true;
  }

  @Override
  public void close() {
    Set<Sink> sinks;
    lock.lock();
    try {
      closed = true;
      sinks = Set.copyOf(open);
      open.clear();
    } finally {
      lock.unlock();
    }
    sinks.forEach(Sink::close);
  }
}
