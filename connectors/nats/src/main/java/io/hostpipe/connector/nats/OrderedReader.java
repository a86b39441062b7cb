package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.BrokerOptions.From;
import io.hostpipe.spi.Inbox;
import io.nats.client.ConsumeOptions;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.MessageConsumer;
import io.nats.client.StreamContext;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.OrderedConsumerConfiguration;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Messages of a stream in their order, over one connection: a consumer that the server makes for
 * this reader alone and that is made again by the library when a message is missing.
 *
 * <p>Thread rule: as {@link Inbox}.
 */
final class OrderedReader implements AutoCloseable {
  /** How much the server may send ahead. */
  private static final long AHEAD_BYTES = 8L << 20;

  private final NatsConnection connection;
  private final StreamInfo stream;
  private final Inbox<Message> inbox;
  private final long lastSequence;
  private final MessageConsumer consumer;

  private OrderedReader(
      NatsConnection connection,
      StreamInfo stream,
      Inbox<Message> inbox,
      long lastSequence,
      MessageConsumer consumer) {
    this.connection = connection;
    this.stream = stream;
    this.inbox = inbox;
    this.lastSequence = lastSequence;
    this.consumer = consumer;
  }

  /**
   * Begins to read.
   *
   * @param behind the sequence of the message behind which it begins; null for where the options
   *     say that a new reader does
   */
  static OrderedReader open(NatsOptions options, @Nullable SequenceCursor behind)
      throws PipeException, InterruptedException {
    Inbox<Message> inbox = new Inbox<>(Message::consumeByteCount);
    NatsConnection connection = NatsConnection.open(options, inbox::end);
    boolean opened = false;
    try {
      Streams streams = new Streams(connection, options);
      StreamInfo stream = streams.toRead();
      if (behind != null && !behind.isIn(stream)) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION,
            options.address()
                + ": the stream "
                + stream.getConfiguration().getName()
                + " is another one than was read before (that was "
                + behind.stream()
                + ", of another time): it was deleted and made again; what was in it cannot be"
                + " told from here");
      }
      MessageInfo last = streams.last(stream.getConfiguration().getName());
      long lastSequence = last == null ? 0 : last.getSeq();
      OrderedReader reader =
          new OrderedReader(
              connection,
              stream,
              inbox,
              lastSequence,
              consume(connection, options, stream, behind, inbox));
      opened = true;
      return reader;
    } catch (JetStreamApiException | IOException | IllegalStateException e) {
      throw e instanceof PipeException known
          ? known
          : connection.failed("the stream cannot be read", e);
    } finally {
      if (!opened) {
        connection.close();
      }
    }
  }

  private static MessageConsumer consume(
      NatsConnection connection,
      NatsOptions options,
      StreamInfo stream,
      @Nullable SequenceCursor behind,
      Inbox<Message> inbox)
      throws IOException, JetStreamApiException {
    OrderedConsumerConfiguration configuration =
        new OrderedConsumerConfiguration().filterSubject(options.subject());
    From from = options.from();
    if (behind != null && behind.sequence() > 0) {
      begin(configuration, behind.sequence() + 1);
    } else if (behind != null) {
      configuration.deliverPolicy(DeliverPolicy.All);
    } else if (from.end()) {
      begin(configuration, stream.getStreamState().getLastSequence() + 1);
    } else if (from.number() > 0) {
      begin(configuration, from.number());
    } else {
      configuration.deliverPolicy(DeliverPolicy.All);
    }
    StreamContext context = connection.nats().getStreamContext(stream.getConfiguration().getName());
    return context
        .createOrderedConsumer(configuration)
        .consume(ConsumeOptions.builder().batchBytes(aheadBytes(connection)).build(), inbox::put);
  }

  /** How much the server may send ahead: at least one message of any length, and its headers. */
  static long aheadBytes(NatsConnection connection) {
    return Math.max(AHEAD_BYTES, 2 * connection.nats().getMaxPayload());
  }

  private static void begin(OrderedConsumerConfiguration configuration, long sequence) {
    configuration.deliverPolicy(DeliverPolicy.ByStartSequence).startSequence(sequence);
  }

  /** What the server says that the user may not do; null for nothing. */
  @Nullable PipeException denial() {
    return connection.denial();
  }

  Inbox<Message> inbox() {
    return inbox;
  }

  StreamInfo stream() {
    return stream;
  }

  /** Of the last message of the subject when reading began; 0 when there was none. */
  long lastSequence() {
    return lastSequence;
  }

  /** The sequence of a message in its stream. */
  static long sequence(Message message) {
    return message.metaData().streamSequence();
  }

  @Override
  public void close() {
    inbox.close();
    consumer.stop();
    connection.close();
  }
}
