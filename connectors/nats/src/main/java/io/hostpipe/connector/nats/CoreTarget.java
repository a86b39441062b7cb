package io.hostpipe.connector.nats;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.OpenSinks;
import io.hostpipe.spi.PipeContext;

/**
 * A subject that anything may be published under.
 *
 * <p>Thread rule: any thread.
 */
final class CoreTarget implements Target {
  private final NatsOptions options;
  private final PipeContext context;
  private final OpenSinks open;

  CoreTarget(NatsOptions options, PipeContext context) {
    this.options = options;
    this.context = context;
    this.open = new OpenSinks(options.address().toString());
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException, InterruptedException {
    return open.add(CoreSink.open(options, context, stream, encoding));
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
