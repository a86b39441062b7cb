package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Inbox;
import io.nats.client.ConsumeOptions;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.MessageConsumer;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.OrderedConsumerConfiguration;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where a stream stands in a subject.
 *
 * <p>Its last message says so. When the subject's last message is of another writer, the headers of
 * all are read: that is slow for a long stream, and never wrong.
 *
 * <p>Thread rule: one thread; blocks.
 */
final class LastPlace {
  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final NatsConnection connection;
  private final NatsOptions options;
  private final StreamInfo info;
  private final @Nullable MessageInfo last;

  /** Asks for the last message of the subject. */
  LastPlace(NatsConnection connection, NatsOptions options, StreamInfo info)
      throws PipeException, InterruptedException {
    this.connection = connection;
    this.options = options;
    this.info = info;
    this.last = new Streams(connection, options).last(info.getConfiguration().getName());
  }

  /** Of the subject's last message; 0 when there is none. */
  long lastSequence() {
    return last == null ? 0 : last.getSeq();
  }

  /** The place that the last message carries; null when it has none, or there is no message. */
  @Nullable Place ofLastMessage() {
    return last == null ? null : Place.of(last.getHeaders());
  }

  /** How far this stream has got; null when nothing of it is here. */
  @Nullable Place of(StreamId stream) throws PipeException, InterruptedException {
    MessageInfo message = last;
    if (message == null) {
      return null;
    }
    Place place = Place.of(message.getHeaders());
    return place != null && place.stream().equals(stream)
        ? place
        : search(stream, message.getSeq());
  }

  private @Nullable Place search(StreamId stream, long untilSequence)
      throws PipeException, InterruptedException {
    Inbox<Message> inbox = new Inbox<>(Message::consumeByteCount);
    OrderedConsumerConfiguration headersOnly =
        new OrderedConsumerConfiguration()
            .filterSubject(options.subject())
            .deliverPolicy(DeliverPolicy.All)
            .headersOnly(true);
    MessageConsumer consumer;
    try {
      consumer =
          connection
              .nats()
              .getStreamContext(info.getConfiguration().getName())
              .createOrderedConsumer(headersOnly)
              .consume(ConsumeOptions.DEFAULT_CONSUME_OPTIONS, inbox::put);
    } catch (JetStreamApiException | IOException | IllegalStateException e) {
      throw connection.failed("the places in the subject cannot be read", e);
    }
    Place found = null;
    try {
      long sequence = 0;
      while (sequence < untilSequence) {
        Message message = inbox.poll(SILENCE_NANOS);
        if (message == null) {
          throw new PipeException.Unreachable(
              options.address() + ": the places in the subject cannot be read: no answer", null);
        }
        sequence = OrderedReader.sequence(message);
        Place place = Place.of(message.getHeaders());
        if (place != null && place.stream().equals(stream)) {
          found = place;
        }
      }
    } finally {
      inbox.close();
      consumer.stop();
    }
    return found;
  }
}
