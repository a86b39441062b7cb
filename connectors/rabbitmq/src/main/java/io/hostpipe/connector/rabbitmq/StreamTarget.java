package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.OpenSinks;
import io.hostpipe.spi.PipeContext;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A stream of RabbitMQ that any streams of pipes may be written into, at a time: each has a name,
 * under which the server knows how far it has got.
 *
 * <p>Thread rule: any thread.
 */
final class StreamTarget implements Target {
  private final StreamOptions options;
  private final PipeContext context;
  private final OpenSinks open;

  /** Of the streams whose places were looked for and not found. */
  private final Map<StreamId, Suspicion> suspicions = new ConcurrentHashMap<>();

  StreamTarget(StreamOptions options, PipeContext context) {
    this.options = options;
    this.context = context;
    this.open = new OpenSinks(options.address().toString());
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException, InterruptedException {
    return open.add(StreamSink.open(options, context, stream, encoding));
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
  public @Nullable Resume held(StreamId stream) throws PipeException {
    LastPlace places = new LastPlace(options, why -> {});
    try (StreamConnection connection = Keepers.connect(options, places, 0)) {
      Streams streams = new Streams(connection, options);
      Suspicion suspicion = suspicions.computeIfAbsent(stream, any -> new Suspicion());
      StreamPlace place = streams.exists() ? places.of(stream, streams, suspicion) : null;
      suspicions.remove(stream);
      return place == null ? null : place.held();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PipeException.Closed(
          Status.CANCELLED, "interrupted while looking for the place of " + stream);
    }
  }

  @Override
  public void close() {
    open.close();
  }
}
