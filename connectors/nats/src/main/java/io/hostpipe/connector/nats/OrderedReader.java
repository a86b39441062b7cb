package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.BrokerOptions.From;
import io.hostpipe.spi.Inbox;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.api.StreamState;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Messages of a stream in their order, over one connection: by a consumer that the server makes for
 * this reader alone, and that numbers what it gives. When a number is missing the reader ends.
 *
 * <p>Thread rule: as {@link Inbox}.
 */
final class OrderedReader implements AutoCloseable {
  /** The server forgets a consumer of whom nothing was heard for so long. */
  private static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(30);

  private static final String DELETE = "$JS.API.CONSUMER.DELETE.";
  private static final Duration DELETE_TIMEOUT = Duration.ofSeconds(1);

  private final NatsConnection connection;
  private final NatsOptions options;
  private final Streams streams;
  private final StreamInfo stream;
  private final boolean readsWholeStream;
  private final Inbox<Message> inbox;
  private final long lastSequence;
  private final ConsumerInfo consumer;
  private final Pulls pulls;

  /** The number of the last message that came; written by the library's thread. */
  private volatile long numberOfLast;

  /** Its sequence in the stream; that behind which reading began. Of the same thread. */
  private volatile long sequenceOfLast;

  private OrderedReader(
      NatsConnection connection,
      NatsOptions options,
      StreamInfo stream,
      Inbox<Message> inbox,
      long lastSequence,
      ConsumerInfo consumer,
      long behind) {
    this.connection = connection;
    this.options = options;
    this.streams = new Streams(connection, options);
    this.sequenceOfLast = behind;
    this.stream = stream;
    this.readsWholeStream = streams.hasNothingElse(stream);
    this.inbox = inbox;
    this.lastSequence = lastSequence;
    this.consumer = consumer;
    this.pulls =
        new Pulls(
            connection,
            options.address() + ": the reader's consumer",
            consumer,
            inbox,
            this::isNext,
            Pulls.AHEAD_MESSAGES);
  }

  private boolean isNext(Message message) {
    long before = sequenceOfLast;
    sequenceOfLast = sequence(message);
    long number = numberOfLast + 1;
    numberOfLast = number;
    return message.metaData().consumerSequence() == number && sequenceOfLast > before;
  }

  /**
   * Begins to read.
   *
   * @param behind the sequence of the message behind which it begins; null for where the options
   *     say that a new reader does
   */
  static OrderedReader open(NatsOptions options, @Nullable SequenceCursor behind)
      throws PipeException, InterruptedException {
    Inbox<Message> inbox = Pulls.newInbox();
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
              options,
              stream,
              inbox,
              lastSequence,
              consumer(connection, options, stream, behind),
              behind == null ? 0 : behind.sequence());
      reader.pulls.start();
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

  private static ConsumerInfo consumer(
      NatsConnection connection,
      NatsOptions options,
      StreamInfo stream,
      @Nullable SequenceCursor behind)
      throws IOException, JetStreamApiException {
    ConsumerConfiguration.Builder wanted =
        ConsumerConfiguration.builder()
            .filterSubject(options.subject())
            .ackPolicy(AckPolicy.None)
            .maxDeliver(1)
            .memStorage(true)
            .numReplicas(1)
            .inactiveThreshold(FORGOTTEN_AFTER);
    From from = options.from();
    if (behind != null && behind.sequence() > 0) {
      begin(wanted, behind.sequence() + 1);
    } else if (behind != null) {
      wanted.deliverPolicy(DeliverPolicy.All);
    } else if (from.end()) {
      begin(wanted, stream.getStreamState().getLastSequence() + 1);
    } else if (from.number() > 0) {
      begin(wanted, from.number());
    } else {
      wanted.deliverPolicy(DeliverPolicy.All);
    }
    return connection
        .nats()
        .jetStreamManagement()
        .addOrUpdateConsumer(stream.getConfiguration().getName(), wanted.build());
  }

  private static void begin(ConsumerConfiguration.Builder wanted, long sequence) {
    wanted.deliverPolicy(DeliverPolicy.ByStartSequence).startSequence(sequence);
  }

  /** Why it ended; null for no other reason than the end of the connection. */
  @Nullable PipeException failure() {
    PipeException denied = connection.denial();
    return denied != null ? denied : pulls.failure();
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

  /** What that is now. Blocks. */
  long askLastSequence() throws PipeException, InterruptedException {
    MessageInfo last = streams.last(stream.getConfiguration().getName());
    return last == null ? 0 : last.getSeq();
  }

  /** Whether the stream has no messages but those that are read. */
  boolean readsWholeStream() {
    return readsWholeStream;
  }

  /** Whether limits delete the oldest messages of the stream, whatever their subjects. */
  boolean isCutAtFront() {
    StreamConfiguration is = stream.getConfiguration();
    return is.getMaxMsgs() > 0 || is.getMaxBytes() > 0 || is.getMaxAge().isPositive();
  }

  /**
   * Whether nothing behind the place was deleted when reading began, though others were: where a
   * subject has a limit of its own and the stream has none, its oldest is deleted when it has more.
   */
  boolean hasAllOfItsSubject() {
    return !readsWholeStream()
        && !isCutAtFront()
        && !Subjects.isPattern(options.subject())
        && consumer.getCalculatedPending() < stream.getConfiguration().getMaxMsgsPerSubject();
  }

  /** The sequence of the last message that has come, or of that behind which reading began. */
  long lastThatCame() {
    return sequenceOfLast;
  }

  /** Whether the server has no message that has not come. Blocks. */
  boolean hasBroughtAll() throws PipeException {
    try {
      ConsumerInfo now =
          connection
              .nats()
              .jetStreamManagement()
              .getConsumerInfo(consumer.getStreamName(), consumer.getName());
      return now.getNumPending() == 0 && now.getDelivered().getConsumerSequence() == numberOfLast;
    } catch (JetStreamApiException | IOException | IllegalStateException e) {
      throw connection.failed("the reader's consumer cannot be asked", e);
    }
  }

  /** What the stream has now. Blocks. */
  StreamState askState() throws PipeException {
    return streams.state(stream.getConfiguration().getName());
  }

  /** Whether several servers keep the stream. */
  boolean isReplicated() {
    return stream.getConfiguration().getReplicas() > 1;
  }

  /** The sequence of a message in its stream. */
  static long sequence(Message message) {
    return message.metaData().streamSequence();
  }

  @Override
  public void close() {
    inbox.close();
    pulls.close();
    if (connection.stands()) {
      delete();
    }
    connection.close();
  }

  /** Nobody else reads it. Where the server does not hear that, it forgets it by itself. */
  private void delete() {
    Connection nats = connection.nats();
    try {
      nats.publish(
          DELETE + consumer.getStreamName() + "." + consumer.getName(),
          nats.createInbox(),
          new byte[0]);
      nats.flush(DELETE_TIMEOUT);
    } catch (TimeoutException | IllegalStateException e) {
      // The connection is about to be closed.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
