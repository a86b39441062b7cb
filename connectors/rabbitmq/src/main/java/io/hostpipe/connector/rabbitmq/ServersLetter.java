package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import io.hostpipe.Address;
import io.hostpipe.DeadLetter;
import io.hostpipe.Headers;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a server says of a message that it has put aside by itself (its header {@code x-death}), in
 * the words of letters that Hostpipe writes. How often it had given out what it put aside for that,
 * it does not say: its queue does.
 *
 * <p>Static.
 */
final class ServersLetter {
  private static final String DEATHS = "x-death";
  private static final String LIMIT = "delivery_limit";

  private ServersLetter() {}

  /**
   * The headers of a message with what is known of its last death behind them; as they are, where a
   * letter of Hostpipe tells more, or the server says nothing.
   *
   * @param options of the queue that it lies in now
   * @param givesOut how often a queue gives a message out before it puts that aside; 0 for unknown
   */
  static Headers addTo(
      Headers headers,
      BasicProperties properties,
      QueueOptions options,
      ToIntFunction<String> givesOut) {
    Map<?, ?> death = lastDeath(properties);
    if (death == null || DeadLetter.of(headers) != null) {
      return headers;
    }
    String queue = text(death, "queue");
    String reason = text(death, "reason");
    int times = reason.equals(LIMIT) ? givesOut.applyAsInt(queue) : 0;
    int attempts = Math.clamp(Math.max(times, number(death.get("count"))), 1, Integer.MAX_VALUE);
    Place place = Place.of(properties);
    DeadLetter about =
        new DeadLetter(
            cause(reason, queue, attempts),
            queueOf(options, queue).toString(),
            place == null ? "amqp:" + queue : place.stream().value(),
            place == null ? 0 : place.end(),
            death.get("time") instanceof Date time ? time.toInstant() : Instant.EPOCH);
    try {
      return about.addTo(headers);
    } catch (IllegalArgumentException e) {
      // With its own headers they are too long: those matter more.
      return headers;
    }
  }

  /** The last one comes first. */
  private static @Nullable Map<?, ?> lastDeath(BasicProperties properties) {
    return AmqpHeaders.table(properties).get(DEATHS) instanceof List<?> deaths
            && !deaths.isEmpty()
            && deaths.getFirst() instanceof Map<?, ?> last
        ? last
        : null;
  }

  private static Rejection cause(String reason, String queue, int attempts) {
    return switch (reason) {
      case "rejected" ->
          new Rejection(
              Status.INVALID_ARGUMENT, "a reader of the queue " + queue + " refused it", attempts);
      case LIMIT ->
          new Rejection(
              Status.ABORTED,
              "the queue " + queue + " gave it out as often as its limit allows",
              attempts);
      case "expired" ->
          new Rejection(
              Status.DEADLINE_EXCEEDED,
              "nobody took it out of the queue " + queue + " in time",
              attempts);
      case "maxlen" ->
          new Rejection(Status.RESOURCE_EXHAUSTED, "the queue " + queue + " was full", attempts);
      default ->
          new Rejection(
              Status.UNKNOWN, "the queue " + queue + " put it aside: " + reason, attempts);
    };
  }

  private static Address queueOf(QueueOptions options, String queue) {
    Address address = options.address();
    for (String name : List.copyOf(address.options().keySet())) {
      address = address.withoutOption(name);
    }
    String path = address.path();
    return address.withPath(path.substring(0, path.lastIndexOf('/') + 1) + queue);
  }

  private static long number(@Nullable Object value) {
    return value instanceof Number number ? number.longValue() : 0;
  }

  private static String text(Map<?, ?> table, String name) {
    Object value = table.get(name);
    return value == null ? "" : value.toString();
  }
}
