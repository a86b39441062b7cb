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
    this.last = ask();
  }

  private @Nullable MessageInfo ask() throws PipeException, InterruptedException {
    return new Streams(connection, options).last(info.getConfiguration().getName());
  }

  private long askLastSequence() throws PipeException, InterruptedException {
    return sequence(ask());
  }

  private static long sequence(@Nullable MessageInfo message) {
    return message == null ? 0 : message.getSeq();
  }

  /** Of the subject's last message; 0 when there is none. */
  long lastSequence() {
    return sequence(last);
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
      Sweep sweep =
          new Sweep(
              inbox,
              untilSequence,
              this::askLastSequence,
              info.getConfiguration().getReplicas() > 1,
              options.address() + ": the places in the subject cannot be read");
      for (Message message = sweep.next(); message != null; message = sweep.next()) {
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
