package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Abroad;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.SharedTarget;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A stream of RabbitMQ that any streams of pipes may be written into, at a time: each has a name,
 * under which the server knows how far it has got.
 *
 * <p>Thread rule: any thread.
 */
final class StreamTarget extends SharedTarget {
  private final StreamOptions options;
  private final PipeContext context;

  /** Of the streams whose places were looked for and not found. */
  private final Map<StreamId, Suspicion> suspicions = new ConcurrentHashMap<>();

  StreamTarget(StreamOptions options, PipeContext context) {
    super(options.address());
    this.options = options;
    this.context = context;
  }

  @Override
  protected Sink sink(StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    return StreamSink.open(options, context, stream, encoding);
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
      throw Abroad.interrupted("looking for the place of " + stream);
    }
  }
}
