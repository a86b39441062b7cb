package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Envelope;
import io.hostpipe.Headers;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A message that a reader was given. Immutable, as long as nobody changes its body. */
final class Delivery {
  private static final long OVERHEAD_BYTES = 256;

  private final QueueReader reader;
  private final Envelope envelope;
  private final BasicProperties properties;
  private final byte[] body;
  private final @Nullable Place place;

  /**
   * A message.
   *
   * @param reader that was given it, and can answer
   * @param envelope its number there, and how it came
   */
  Delivery(QueueReader reader, Envelope envelope, BasicProperties properties, byte[] body) {
    this.reader = reader;
    this.envelope = envelope;
    this.properties = properties;
    this.body = body;
    this.place = Place.of(properties);
  }

  QueueReader reader() {
    return reader;
  }

  long tag() {
    return envelope.getDeliveryTag();
  }

  /** Whether some reader was given it before. */
  boolean cameBefore() {
    return envelope.isRedeliver();
  }

  /** How often the server has counted that a reader was given it before; 0 where it counts none. */
  long deliveryCount() {
    Map<String, Object> headers = properties.getHeaders();
    return headers != null && headers.get(AmqpHeaders.DELIVERY_COUNT) instanceof Number count
        ? count.longValue()
        : 0;
  }

  /** Where an answer to it is to go; null where it asks for none. */
  @Nullable String replyTo() {
    String to = properties.getReplyTo();
    return to == null || to.isEmpty() ? null : to;
  }

  /** By what whoever asked knows the answer; null for nothing. */
  @Nullable String correlationId() {
    return properties.getCorrelationId();
  }

  byte[] body() {
    return body;
  }

  /** The place that it tells; null where it tells none. */
  @Nullable Place place() {
    return place;
  }

  /** What it takes in memory, about. */
  long bytes() {
    return body.length + OVERHEAD_BYTES;
  }

  /** Its headers in a record. */
  Headers headers() {
    String key = envelope.getExchange().isEmpty() ? "" : envelope.getRoutingKey();
    return AmqpHeaders.read(properties, key);
  }

  /** Whether it was a dead letter of this queue, and somebody has put it back. */
  boolean wasDeadLetterOf(String queue) {
    Map<String, Object> headers = properties.getHeaders();
    Object first = headers == null ? null : headers.get("x-first-death-queue");
    return first != null && first.toString().equals(queue);
  }
}
