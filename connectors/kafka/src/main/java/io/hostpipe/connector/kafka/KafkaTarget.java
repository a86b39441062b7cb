package io.hostpipe.connector.kafka;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Abroad;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.SharedTarget;
import org.jspecify.annotations.Nullable;

/**
 * A topic that any number of streams are written into, each with a place of its own.
 *
 * <p>Thread rule: any thread.
 */
final class KafkaTarget extends SharedTarget {
  private final KafkaOptions options;
  private final PipeContext context;

  KafkaTarget(KafkaOptions options, PipeContext context) {
    super(options.address());
    this.options = options;
    this.context = context;
  }

  @Override
  protected Sink sink(StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    if (options.byKey() && encoding == Encoding.RAW) {
      throw new PipeException.Config(
          options.address()
              + ": bytes have no keys that by-key could go by; say with --frame what a message is");
    }
    return KafkaSink.open(options, context, stream, encoding);
  }

  @Override
  public @Nullable Resume held(StreamId stream) throws PipeException {
    try (Topics topics = Topics.open(options)) {
      Topic topic = topics.find();
      Place place =
          topic == null ? null : new PlaceReader(options, topics, topic, stream).find().place();
      return place == null ? null : place.held();
    } catch (InterruptedException e) {
      throw Abroad.interrupted("looking for the place of " + stream);
    }
  }
}
