package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import io.hostpipe.Rejection;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way into a queue, kept until the server has confirmed it.
 *
 * <p>Thread rule: what changes, under the lock of its {@link Window}.
 */
final class Unconfirmed {
  private final long endPosition;
  private final String routingKey;
  private final byte[] payload;
  private final BasicProperties properties;
  private final @Nullable Rejection refusal;

  private boolean confirmed;
  private long sentNanos;
  private @Nullable Way sentOver;
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
    this.endPosition = endPosition;
    this.routingKey = routingKey;
    this.payload = payload;
    this.properties = properties;
    this.refusal = refusal;
    this.confirmed = refusal != null;
  }

  /** A message that is refused here: it waits for those before it, to be told in its turn. */
  static Unconfirmed refused(long endPosition, Rejection why) {
    return new Unconfirmed(endPosition, "", new byte[0], new BasicProperties(), why);
  }

  long endPosition() {
    return endPosition;
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

  @Nullable Rejection refusal() {
    return refusal;
  }

  boolean confirmed() {
    return confirmed;
  }

  void confirm() {
    confirmed = true;
  }

  /** When it was taken in, or sent last. */
  long sentNanos() {
    return sentNanos;
  }

  void sent(long nowNanos) {
    sentNanos = nowNanos;
  }

  /** The connection that it was last sent over; null before it was sent. */
  @Nullable Way sentOver() {
    return sentOver;
  }

  /** Its number among the confirmations of that connection. */
  long number() {
    return number;
  }

  void sendsOver(Way way, long underNumber) {
    sentOver = way;
    number = underNumber;
  }
}
