package io.hostpipe.connector.nats;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.SharedTarget;

/**
 * A subject that anything may be published under.
 *
 * <p>Thread rule: any thread.
 */
final class CoreTarget extends SharedTarget {
  private final NatsOptions options;
  private final PipeContext context;

  CoreTarget(NatsOptions options, PipeContext context) {
    super(options.address());
    this.options = options;
    this.context = context;
  }

  @Override
  protected Sink sink(StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    return CoreSink.open(options, context, stream, encoding);
  }
}
