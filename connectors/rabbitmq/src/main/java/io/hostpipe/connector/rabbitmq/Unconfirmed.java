package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import io.hostpipe.Rejection;
import io.hostpipe.spi.UnconfirmedMessage;
import org.jspecify.annotations.Nullable;

/** A message on its way into a queue, kept in its {@link Window} until the server has it. */
final class Unconfirmed extends UnconfirmedMessage {
  private final String routingKey;
  private final byte[] payload;
  private final BasicProperties properties;

  private long number;

  /** A message to be published. */
  Unconfirmed(long endPosition, String routingKey, byte[] payload, BasicProperties properties) {
    this(endPosition, routingKey, payload, properties, null);
  }

  private Unconfirmed(
      long endPosition,
      String routingKey,
      byte[] payload,
      BasicProperties properties,
      @Nullable Rejection refusal) {
    super(endPosition, payload.length, refusal);
    this.routingKey = routingKey;
    this.payload = payload;
    this.properties = properties;
  }

  /** A message that is refused here: it waits for those before it, to be told in its turn. */
  static Unconfirmed refused(long endPosition, Rejection why) {
    return new Unconfirmed(endPosition, "", new byte[0], new BasicProperties(), why);
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

  /** Its number among the confirmations of that connection. */
  long number() {
    return number;
  }

  void sendsOver(Way way, long underNumber) {
    sendsOver(way);
    number = underNumber;
  }
}
