package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import io.hostpipe.Rejection;
import io.hostpipe.spi.UnconfirmedMessage;
import org.jspecify.annotations.Nullable;

/** A message on its way into a queue, kept in its {@link Window} until the server has it. */
final class Unconfirmed extends UnconfirmedMessage {
  private final String routingKey;
  private final byte[] payload;
  private BasicProperties properties;
  private long startPosition;
  private long number;
  private boolean turnedAway;

  /**
   * A message to be published.
   *
   * @param startPosition where it begins, as its properties say it
   */
  Unconfirmed(
      long startPosition,
      long endPosition,
      String routingKey,
      byte[] payload,
      BasicProperties properties) {
    this(startPosition, endPosition, routingKey, payload, properties, null);
  }

  private Unconfirmed(
      long startPosition,
      long endPosition,
      String routingKey,
      byte[] payload,
      BasicProperties properties,
      @Nullable Rejection refusal) {
    super(endPosition, payload.length, refusal);
    this.startPosition = startPosition;
    this.routingKey = routingKey;
    this.payload = payload;
    this.properties = properties;
  }

  /** A message that is refused here: it waits for those before it, to be told in its turn. */
  static Unconfirmed refused(long endPosition, Rejection why) {
    byte[] nothing = new byte[0];
    return new Unconfirmed(endPosition, endPosition, "", nothing, new BasicProperties(), why);
  }

  String routingKey() {
    return routingKey;
  }

  byte[] payload() {
    return payload;
  }

  BasicProperties properties() {
    return properties;
  }

  /** Where it begins; the same as its end for the mark of a stream's end. */
  long startPosition() {
    return startPosition;
  }

  /** The message before it is refused after all: it follows on what that one followed. */
  void startsAt(long position) {
    startPosition = position;
    properties = AmqpHeaders.startingAt(properties, position);
  }

  /** Whether the queue had no room for it when it was last sent. */
  boolean isTurnedAway() {
    return turnedAway;
  }

  void turnAway() {
    turnedAway = true;
  }

  /** Its number among the confirmations of that connection. */
  long number() {
    return number;
  }

  void sendsOver(Way way, long underNumber) {
    sendsOver(way);
    number = underNumber;
    turnedAway = false;
  }
}
