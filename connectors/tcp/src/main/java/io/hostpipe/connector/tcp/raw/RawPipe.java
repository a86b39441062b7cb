package io.hostpipe.connector.tcp.raw;

import io.hostpipe.Framing;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.spi.FramedSink;
import io.hostpipe.spi.FramedSource;
import io.hostpipe.spi.PipeContext;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Both directions of one raw connection.
 *
 * <p>Thread rule: one thread reads, one writes, any may close.
 */
final class RawPipe implements Pipe {
  private final RawConnection connection;
  private final Runnable cancelDialing;
  private final RawSource source;
  private final Source readable;
  private final Sink writable;
  private final RawSink sink;
  private final boolean sends;
  private final boolean receives;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean sourceClosed;
  private volatile boolean sinkClosed;

  /**
   * A pipe over a connection that stands or is still dialed.
   *
   * @param listens whether the peer dialed
   */
  RawPipe(
      RawConnection connection,
      PipeContext context,
      RawOptions options,
      boolean listens,
      Runnable cancelDialing)
      throws PipeException {
    this.connection = connection;
    this.cancelDialing = cancelDialing;
    StreamId asked = context.stream();
    StreamId stream = asked == null ? new StreamId("raw:" + UUID.randomUUID()) : asked;
    byte @Nullable [] text = options.reply();
    this.sends = context.sends();
    this.receives = context.receives();
    this.source =
        new RawSource(connection, stream, context.pool(), listens, sends, this::closeSource);
    this.sink =
        new RawSink(
            connection,
            stream,
            context.pool(),
            options.linger(),
            text != null,
            receives ? source::readAhead : () -> {},
            this::closeSink);
    Source answered =
        text == null
            ? source
            : new ReplyingSource(source, new RawReply(text, connection, context.events()));
    Framing framing = options.framing();
    this.readable =
        framing == null
            ? answered
            : new FramedSource(answered, framing.decoder(), context.pool(), connection.where());
    this.writable = framing == null || text != null ? sink : framed(sink, stream, framing, context);
    if (!receives) {
      connection.whenStanding(new RawDrain(connection, context, listens)::start);
    }
  }

  @Override
  public Source source() {
    return readable;
  }

  @Override
  public Sink sink() {
    return writable;
  }

  @Override
  public String description() {
    return connection.where();
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    cancelDialing.run();
    if (isInOrder()) {
      connection.close();
    } else {
      connection.reset();
    }
    source.release();
    sink.fail(connection.closedHere());
    readable.close();
    writable.close();
  }

  /** The other direction may live on, but not beside one that broke off: that has to be told. */
  private void closeSource() {
    sourceClosed = true;
    boolean done = source.done();
    source.release();
    if (sinkClosed || !sends || !done) {
      close();
    }
  }

  /** As {@link #closeSource}. */
  private void closeSink() {
    sinkClosed = true;
    sink.fail(connection.closedHere());
    if (sourceClosed || !receives || (sink.used() && !sink.finished())) {
      close();
    }
  }

  private static Sink framed(RawSink sink, StreamId stream, Framing framing, PipeContext context)
      throws PipeException {
    try {
      return new FramedSink(stream, sink, framing, context.pool());
    } catch (InterruptedException e) {
      throw new IllegalStateException("a raw sink knows its position without waiting", e);
    }
  }

  /** Whether what the pipe was used for is done. */
  private boolean isInOrder() {
    boolean sent = sink.finished();
    if (sink.used() && !sent) {
      return false;
    }
    return sent || source.done();
  }
}
