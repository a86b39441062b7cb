package io.hostpipe.connector.nats;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.PipeContext;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A subject that anything may be published under.
 *
 * <p>Thread rule: any thread.
 */
final class CoreTarget implements Target {
  private final NatsOptions options;
  private final PipeContext context;
  private final ReentrantLock lock = new ReentrantLock();
  private final Set<Sink> open = new HashSet<>();
  private boolean closed;

  CoreTarget(NatsOptions options, PipeContext context) {
    this.options = options;
    this.context = context;
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException, InterruptedException {
    Sink sink = CoreSink.open(options, context, stream, encoding);
    lock.lock();
    try {
      if (!closed) {
        open.add(sink);
        return sink;
      }
    } finally {
      lock.unlock();
    }
    sink.close();
    throw new PipeException.Closed(
        Status.CANCELLED, options.address() + " was closed on this side");
  }

  @Override
  public boolean manyAtOnce() {
    return true;
  }

  @Override
  public boolean mixes() {
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
