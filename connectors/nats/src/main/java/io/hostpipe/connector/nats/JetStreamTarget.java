package io.hostpipe.connector.nats;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.Abroad;
import io.hostpipe.spi.PipeContext;
import io.nats.client.api.StreamInfo;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A subject of JetStream that one stream after another is written into.
 *
 * <p>Thread rule: any thread.
 */
final class JetStreamTarget implements Target {
  private final NatsOptions options;
  private final PipeContext context;
  private final ReentrantLock lock = new ReentrantLock();

  /** Under the lock. */
  private @Nullable JetStreamSink open;

  private boolean closed;

  JetStreamTarget(NatsOptions options, PipeContext context) {
    this.options = options;
    this.context = context;
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException, InterruptedException {
    JetStreamSink sink = JetStreamSink.open(options, context, stream, encoding);
    boolean taken = false;
    lock.lock();
    try {
      if (closed) {
        throw new PipeException.Closed(
            Status.CANCELLED, options.address() + " was closed on this side");
      }
      if (open != null && open.isOpen()) {
        throw new PipeException.Refused(
            Status.ALREADY_EXISTS,
            options.address()
                + " is being written by the stream "
                + open.stream()
                + ", and a subject has one writer at a time");
      }
      open = sink;
      taken = true;
    } finally {
      lock.unlock();
      if (!taken) {
        sink.close();
      }
    }
    return sink;
  }

  @Override
  public @Nullable Resume held(StreamId stream) throws PipeException {
    try (NatsConnection connection = connect()) {
      StreamInfo info = new Streams(connection, options).find();
      Place place = info == null ? null : new LastPlace(connection, options, info).of(stream);
      return place == null ? null : place.held();
    } catch (InterruptedException e) {
      throw Abroad.interrupted("looking for the place of " + stream);
    }
  }

  /** Unknown: a subject tells its last writer at once, and the others only by their names. */
  @Override
  public List<StreamId> heldStreams() {
    return List.of();
  }

  @Override
  public void close() {
    JetStreamSink sink;
    lock.lock();
    try {
      closed = true;
      sink = open;
    } finally {
      lock.unlock();
    }
    if (sink != null) {
      sink.close();
    }
  }

  private NatsConnection connect() throws PipeException, InterruptedException {
    return NatsConnection.open(options, () -> {});
  }
}
