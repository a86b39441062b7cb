package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.BrokerOptions.From;
import io.hostpipe.spi.Inbox;
import io.nats.client.ConsumeOptions;
import io.nats.client.ConsumerContext;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.MessageConsumer;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Messages of a durable consumer, over one connection. The consumer is made where there is none;
 * one that is there is looked at and never changed.
 *
 * <p>Thread rule: as {@link Inbox}.
 */
final class SharedReader implements AutoCloseable {
  private static final int AHEAD_MESSAGES = 500;

  private final NatsConnection connection;
  private final Inbox<Message> inbox;
  private final MessageConsumer consumer;
  private final Unacknowledged unacknowledged;

  private SharedReader(
      NatsConnection connection,
      Inbox<Message> inbox,
      MessageConsumer consumer,
      Unacknowledged unacknowledged) {
    this.connection = connection;
    this.inbox = inbox;
    this.consumer = consumer;
    this.unacknowledged = unacknowledged;
  }

  /** Begins to read. */
  static SharedReader open(NatsOptions options, Unacknowledged unacknowledged)
      throws PipeException, InterruptedException {
    Inbox<Message> inbox = new Inbox<>(Message::consumeByteCount);
    NatsConnection connection = NatsConnection.open(options, inbox::end);
    boolean opened = false;
    try {
      StreamInfo stream = new Streams(connection, options).toRead();
      ConsumerContext consumer = findOrMake(connection, options, stream);
      unacknowledged.answerOver(connection.nats());
      int ahead = Math.min(AHEAD_MESSAGES, options.inFlight());
      SharedReader reader =
          new SharedReader(
              connection,
              inbox,
              consumer.consume(
                  ConsumeOptions.builder()
                      .batchSize(ahead)
                      .batchBytes(OrderedReader.aheadBytes(connection))
                      .build(),
                  inbox::put),
              unacknowledged);
      opened = true;
      return reader;
    } catch (JetStreamApiException | IOException | IllegalStateException e) {
      throw e instanceof PipeException known
          ? known
          : connection.failed("the consumer " + options.durable() + " cannot be read", e);
    } finally {
      if (!opened) {
        connection.close();
      }
    }
  }

  private static ConsumerContext findOrMake(
      NatsConnection connection, NatsOptions options, StreamInfo stream)
      throws IOException, JetStreamApiException {
    String name = Objects.requireNonNull(options.durable());
    String streamName = stream.getConfiguration().getName();
    try {
      ConsumerContext found = connection.nats().getConsumerContext(streamName, name);
      check(options, found.getConsumerInfo());
      return found;
    } catch (JetStreamApiException e) {
      if (!JetStreamErrors.isNotFound(e)) {
        throw e;
      }
    }
    ConsumerConfiguration.Builder wanted =
        ConsumerConfiguration.builder()
            .durable(name)
            .filterSubject(options.subject())
            .ackPolicy(AckPolicy.Explicit)
            .ackWait(options.ackWait())
            .maxAckPending(options.inFlight());
    From from = options.from();
    if (from.end()) {
      wanted.deliverPolicy(DeliverPolicy.New);
    } else if (from.number() > 0) {
      wanted.deliverPolicy(DeliverPolicy.ByStartSequence).startSequence(from.number());
    } else {
      wanted.deliverPolicy(DeliverPolicy.All);
    }
    return connection.nats().getStreamContext(streamName).createOrUpdateConsumer(wanted.build());
  }

  private static void check(NatsOptions options, ConsumerInfo found) throws PipeException {
    ConsumerConfiguration is = found.getConsumerConfiguration();
    @Nullable String filter = is.getFilterSubject();
    String what = null;
    if (is.getAckPolicy() != AckPolicy.Explicit) {
      what = "it has the ack policy " + is.getAckPolicy() + ", and explicit is needed";
    } else if (is.getDeliverSubject() != null) {
      what = "it pushes to a subject, and one that is pulled from is needed";
    } else if (filter != null && !filter.isEmpty() && !filter.equals(options.subject())) {
      what = "it has the subject " + filter;
    } else if (options.address().option("ack-wait") != null
        && !options.ackWait().equals(is.getAckWait())) {
      what = "it waits " + is.getAckWait().toSeconds() + " s for an acknowledgement";
    }
    if (what != null) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          options.address()
              + ": the consumer "
              + options.durable()
              + " is another one than was asked for: "
              + what
              + "; it is not changed from here: take another name, or delete it");
    }
  }

  /** What the server says that the user may not do; null for nothing. */
  @Nullable PipeException denial() {
    return connection.denial();
  }

  Inbox<Message> inbox() {
    return inbox;
  }

  /**
   * Closes the connection. When the source is closed, too, others may have what was not committed
   * here; this reader must not ask for more by then, or it would get that itself.
   */
  @Override
  public void close() {
    List<Message> unread = inbox.close();
    try {
      consumer.close();
    } catch (Exception e) {
      // The connection is gone, and the server notices.
    }
    unacknowledged.giveBackIfEnded(connection.nats(), unread);
    connection.close();
  }
}
