package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.SharedTarget;

/**
 * A queue or an exchange that any streams may be written into, at a time.
 *
 * <p>Thread rule: any thread.
 */
final class QueueTarget extends SharedTarget {
  private final QueueOptions options;
  private final PipeContext context;

  QueueTarget(QueueOptions options, PipeContext context) {
    super(options.address());
    this.options = options;
    this.context = context;
  }

  @Override
  protected Sink sink(StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    return QueueSink.open(options, context, stream, encoding);
  }
}
