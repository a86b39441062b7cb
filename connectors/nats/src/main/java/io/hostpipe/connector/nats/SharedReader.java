package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.BrokerOptions.From;
import io.hostpipe.spi.Inbox;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
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
  private final Pulls pulls;
  private final Unacknowledged unacknowledged;
  private final Unacknowledged.Waiting waiting;
  private final Deliveries deliveries;
  private final Streams streams;
  private final StreamInfo stream;
  private final ConsumerInfo consumer;

  private SharedReader(
      NatsConnection connection,
      Inbox<Message> inbox,
      Pulls pulls,
      Unacknowledged unacknowledged,
      Unacknowledged.Waiting waiting,
      Deliveries deliveries,
      Streams streams,
      StreamInfo stream,
      ConsumerInfo consumer) {
    this.connection = connection;
    this.deliveries = deliveries;
    this.streams = streams;
    this.stream = stream;
    this.consumer = consumer;
    this.inbox = inbox;
    this.pulls = pulls;
    this.unacknowledged = unacknowledged;
    this.waiting = waiting;
  }

  /**
   * Finds the consumer, or makes it; nothing comes before {@link #start}.
   *
   * @param deliveries what looks at the numbers of the messages as they come
   * @param makes the consumer where there is none
   * @return null when there is none, and none is to be made
   */
  static @Nullable SharedReader open(
      NatsOptions options, Unacknowledged unacknowledged, Deliveries deliveries, boolean makes)
      throws PipeException, InterruptedException {
    Inbox<Message> inbox = Pulls.newInbox();
    NatsConnection connection = NatsConnection.open(options, inbox::end);
    boolean opened = false;
    try {
      Streams streams = new Streams(connection, options);
      StreamInfo stream = streams.toRead();
      ConsumerInfo found = find(connection, options, stream);
      if (found == null && !makes) {
        return null;
      }
      ConsumerInfo consumer = found == null ? make(connection, options, stream) : found;
      Unacknowledged.Waiting waiting = unacknowledged.answerOver(connection.nats());
      Pulls pulls =
          new Pulls(
              connection,
              options.address() + ": the consumer " + consumer.getName(),
              consumer,
              inbox,
              message -> {
                unacknowledged.arrived(waiting, message);
                deliveries.arrived(message);
                return true;
              },
              Math.min(AHEAD_MESSAGES, options.inFlight()));
      SharedReader reader =
          new SharedReader(
              connection,
              inbox,
              pulls,
              unacknowledged,
              waiting,
              deliveries,
              streams,
              stream,
              consumer);
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

  private static @Nullable ConsumerInfo find(
      NatsConnection connection, NatsOptions options, StreamInfo stream)
      throws IOException, JetStreamApiException {
    try {
      ConsumerInfo found =
          connection
              .nats()
              .jetStreamManagement()
              .getConsumerInfo(
                  stream.getConfiguration().getName(), Objects.requireNonNull(options.durable()));
      check(options, found);
      return found;
    } catch (JetStreamApiException e) {
      if (JetStreamErrors.isNotFound(e)) {
        return null;
      }
      throw e;
    }
  }

  private static ConsumerInfo make(
      NatsConnection connection, NatsOptions options, StreamInfo stream)
      throws IOException, JetStreamApiException {
    ConsumerConfiguration.Builder wanted =
        ConsumerConfiguration.builder()
            .durable(Objects.requireNonNull(options.durable()))
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
    return connection
        .nats()
        .jetStreamManagement()
        .addOrUpdateConsumer(stream.getConfiguration().getName(), wanted.build());
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
    } else if (is.getMaxDeliver() > 0) {
      what =
          "it gives a message out "
              + is.getMaxDeliver()
              + " times (max_deliver) and forgets it then, whether or not anybody has kept it";
    } else if (is.isHeadersOnly()) {
      what = "it gives headers without what they stand before (headers_only)";
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

  /** Asks for messages, from here on. */
  void start() {
    deliveries.begin(consumer.getDelivered());
    pulls.start();
  }

  StreamInfo stream() {
    return stream;
  }

  /** The sequence up to which the consumer had given its messages to anybody, when this began. */
  long givenUpTo() {
    return consumer.getDelivered().getStreamSequence();
  }

  /** Whether the stream has no messages but those that are read. */
  boolean readsWholeStream() {
    return streams.hasNothingElse(stream);
  }

  /** The sequence of the oldest message that the stream has now. Blocks. */
  long askFirstSequence() throws PipeException {
    return streams.state(stream.getConfiguration().getName()).getFirstSequence();
  }

  /** Why it ended; null for no other reason than the end of the connection. */
  @Nullable PipeException failure() {
    PipeException denied = connection.denial();
    return denied != null ? denied : pulls.failure();
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
    var _ = inbox.close();
    if (connection.stands() && unacknowledged.hasEnded()) {
      pulls.closeBehindWhatCame();
    } else {
      pulls.close();
    }
    unacknowledged.giveBackIfEnded(connection.nats(), waiting);
    unacknowledged.forget(waiting);
    connection.close();
  }
}
