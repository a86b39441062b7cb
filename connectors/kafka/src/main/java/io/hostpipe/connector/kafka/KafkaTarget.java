package io.hostpipe.connector.kafka;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.OpenSinks;
import io.hostpipe.spi.PipeContext;
import org.jspecify.annotations.Nullable;

/**
 * A topic that any number of streams are written into, each with a place of its own.
 *
 * <p>Thread rule: any thread.
 */
final class KafkaTarget implements Target {
  private final KafkaOptions options;
  private final PipeContext context;
  private final OpenSinks open;

  KafkaTarget(KafkaOptions options, PipeContext context) {
    this.options = options;
    this.context = context;
    this.open = new OpenSinks(options.address().toString());
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException, InterruptedException {
    if (options.byKey() && encoding == Encoding.RAW) {
      throw new PipeException.Config(
          options.address()
              + ": bytes have no keys that by-key could go by; say with --frame what a message is");
    }
    return open.add(KafkaSink.open(options, context, stream, encoding));
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
    try (Topics topics = Topics.open(options)) {
      Topic topic = topics.find();
      Place place =
          topic == null ? null : new PlaceReader(options, topics, topic, stream).find().place();
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
