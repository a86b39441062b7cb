package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.OpenSinks;
import io.hostpipe.spi.PipeContext;

/**
 * A queue or an exchange that any streams may be written into, at a time.
 *
 * <p>Thread rule: any thread.
 */
final class QueueTarget implements Target {
  private final QueueOptions options;
  private final PipeContext context;
  private final OpenSinks open;

  QueueTarget(QueueOptions options, PipeContext context) {
    this.options = options;
    this.context = context;
    this.open = new OpenSinks(options.address().toString());
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException, InterruptedException {
    return open.add(QueueSink.open(options, context, stream, encoding));
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
    open.close();
  }
}
