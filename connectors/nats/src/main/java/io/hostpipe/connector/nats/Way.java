package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Republisher;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.impl.Headers;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a {@link Publisher}, with what the subject held when it was made.
 *
 * <p>Thread rule: what changes, under the publisher's lock.
 */
final class Way implements Republisher.Route {
  private final NatsConnection connection;
  private final String streamName;
  private final LastPlace places;
  private final boolean chains;
  private final boolean limited;

  /** The most bytes of a message that the stream takes, headers included; -1 for no limit. */
  private final int streamBytesMax;

  private final int replicas;

  private final Confirmations confirmations;

  private @Nullable String lastId;

  /**
   * The connection, once it is known what the subject holds.
   *
   * @param unansweredMax how many messages may be without an answer at a time
   * @param heard is told the answers
   */
  Way(
      NatsConnection connection,
      StreamInfo info,
      LastPlace places,
      boolean chains,
      int unansweredMax,
      Confirmations.Listener heard) {
    this.connection = connection;
    this.streamName = info.getConfiguration().getName();
    this.places = places;
    this.chains = chains;
    this.limited = isLimited(info.getConfiguration());
    this.streamBytesMax = info.getConfiguration().getMaximumMessageSize();
    this.replicas = info.getConfiguration().getReplicas();
    this.confirmations = new Confirmations(this, unansweredMax, heard);
  }

  NatsConnection connection() {
    return connection;
  }

  @Override
  public void close() {
    connection.close();
  }

  LastPlace places() {
    return places;
  }

  /** The name of the stream that is written. */
  String streamName() {
    return streamName;
  }

  /** The most bytes of a message, headers included. */
  long maxPayload() {
    long ofServer = connection.nats().getMaxPayload();
    return streamBytesMax < 0 ? ofServer : Math.min(ofServer, streamBytesMax);
  }

  /** Why such a message is too long; null where it is not. */
  @Nullable Rejection refusal(Unconfirmed message) {
    long mostBytes = maxPayload();
    return message.isLongerThan(mostBytes)
        ? PayloadLimit.passed(
            "a message",
            message.payload().length,
            mostBytes,
            mostBytes == streamBytesMax ? "max_msg_size of the stream" : PayloadLimit.OF_SERVER)
        : null;
  }

  /** Whether several servers keep the stream. */
  boolean isReplicated() {
    return replicas > 1;
  }

  /** Whether each message names the one before it. */
  boolean chains() {
    return chains;
  }

  /**
   * Whether a message may be refused for want of room and the next one be taken, since that does
   * not name the one before it: then one is sent at a time.
   */
  boolean refusesAmong() {
    return limited && !chains;
  }

  private static boolean isLimited(StreamConfiguration is) {
    return is.getDiscardPolicy() == DiscardPolicy.New
        && (is.getMaxMsgs() > 0 || is.getMaxBytes() > 0 || is.getMaxMsgsPerSubject() > 0);
  }

  /** The id of the last message that was sent; null for none. */
  @Nullable String lastId() {
    return lastId;
  }

  /**
   * Publishes a message whose headers are complete.
   *
   * @throws IllegalStateException when the connection does not stand
   */
  void publish(String subject, Headers headers, Unconfirmed message) {
    lastId = message.messageId();
    String answer = confirmations.expect(message);
    connection.nats().publish(subject, answer, headers, message.payload());
  }

  /**
   * Looks through what was stored behind a message that is surely there: each has to follow on the
   * one before it.
   *
   * @param sequence of that message; 0 for the beginning
   * @param position behind that message
   */
  void checkContinuity(NatsOptions options, StreamId stream, long sequence, long position)
      throws PipeException, InterruptedException {
    Streams streams = new Streams(connection, options);
    long at = sequence;
    long before = position;
    while (at < places.lastSequence()) {
      MessageInfo message = streams.next(streamName, at + 1);
      Place place = Place.of(message.getHeaders());
      if (place == null || !place.stream().equals(stream) || place.follows() != before) {
        throw new PipeException.DataLoss(
            options.address()
                + ": behind position "
                + before
                + " a message is missing, and later ones are stored (sequence "
                + message.getSeq()
                + "): the server lost it in a change of leaders, or had no room for it, or another"
                + " writer came between; a stream that has this subject alone does not let that"
                + " happen");
      }
      at = message.getSeq();
      before = place.held().position();
    }
  }
}
