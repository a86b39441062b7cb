package io.hostpipe.connector.rabbitmq;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.LongString;
import io.hostpipe.Headers;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Headers of messages as properties and headers of AMQP, and back.
 *
 * <p>What AMQP has a property for stands there, for everybody to read; the rest under its own name,
 * as text where it is text. A table of AMQP has no order and no name twice: headers that would not
 * come back as they were are kept in one more header as well, as an array of names and values. What
 * is read from a message is a function of it alone, so that a message read twice is the same record
 * twice: what the server counts deliveries with is left out.
 */
final class AmqpHeaders {
  /** Headers that AMQP cannot hold as they are: names and values in turns. */
  static final String EXACT = "hostpipe-headers";

  /** How often a quorum queue has given a message to a reader that did not acknowledge it. */
  static final String DELIVERY_COUNT = "x-delivery-count";

  private static final String OURS = "hostpipe-";
  private static final String KEY = "hostpipe-key";
  private static final String CHANNEL = "hostpipe-channel";
  private static final int SHORT_BYTES_MAX = 255;
  private static final int PERSISTENT = 2;
  private static final int TRANSIENT = 1;

  private AmqpHeaders() {}

  /**
   * The properties of a persistent message.
   *
   * @param place that it tells; null for none
   */
  static BasicProperties write(Headers headers, @Nullable Place place) {
    Map<String, Object> table = new HashMap<>();
    BasicProperties.Builder out = write(headers, table, false);
    if (place != null) {
      place.writeTo(out, table);
    }
    // An empty table costs nobody anything, and programs look into it without asking whether it is
    // there.
    return out.headers(table).build();
  }

  /**
   * The properties of a request: as long as it waits its server keeps it in memory alone.
   *
   * @param replyTo where its answer is to go
   * @param number by which its answer is known
   */
  static BasicProperties writeRequest(Headers headers, String replyTo, String number) {
    Map<String, Object> table = new HashMap<>();
    boolean hidden =
        headers.text(Headers.REPLY_TO) != null || headers.text(Headers.CORRELATION_ID) != null;
    return write(headers, table, hidden)
        .deliveryMode(TRANSIENT)
        .replyTo(replyTo)
        .correlationId(number)
        .headers(table)
        .build();
  }

  /**
   * The properties of an answer.
   *
   * @param correlationId what its request said
   */
  static BasicProperties writeAnswer(Headers headers, @Nullable String correlationId) {
    Map<String, Object> table = new HashMap<>();
    return write(headers, table, headers.text(Headers.CORRELATION_ID) != null)
        .correlationId(correlationId)
        .headers(table)
        .build();
  }

  /** The headers of an answer, without the number of its request. */
  static Headers readAnswer(BasicProperties in) {
    return read(in.builder().correlationId(null).build(), "");
  }

  /**
   * Puts headers where AMQP has a place for them.
   *
   * @param table for those that it has none for
   * @param hidden whether something else will stand in one of those places
   */
  private static BasicProperties.Builder write(
      Headers headers, Map<String, Object> table, boolean hidden) {
    BasicProperties.Builder out = new BasicProperties.Builder().deliveryMode(PERSISTENT);
    if (!headers.isEmpty()) {
      headers.forEach((name, value) -> put(name, value, out, table));
      if (hidden || !readPlain(out.headers(table).build(), "").equals(headers)) {
        List<Object> exact = new ArrayList<>();
        headers.forEach((name, value) -> {
          exact.add(name);
          exact.add(value);
        });
        table.put(EXACT, exact);
      }
    }
    return out;
  }

  /** The same properties for a message that is sent once more. */
  static BasicProperties again(BasicProperties once) {
    Map<String, Object> table = new HashMap<>(table(once));
    table.put(Place.AGAIN, true);
    return once.builder().headers(table).build();
  }

  /**
   * The same properties, with a place that begins earlier.
   *
   * @param start where it begins
   */
  static BasicProperties startingAt(BasicProperties before, long start) {
    Place place = Objects.requireNonNull(Place.of(before), "a message of a stream");
    Map<String, Object> table = new HashMap<>(table(before));
    BasicProperties.Builder out = before.builder();
    place.from(start).writeTo(out, table);
    return out.headers(table).build();
  }

  /** What has no property of its own. */
  static Map<String, Object> table(BasicProperties in) {
    Map<String, Object> table = in.getHeaders();
    return table == null ? Map.of() : table;
  }

  /**
   * Reads the headers of a message.
   *
   * @param routingKey which is its key where it came through an exchange; empty for none
   */
  static Headers read(BasicProperties in, String routingKey) {
    Object exact = table(in).get(EXACT);
    if (exact instanceof List<?> list && list.stream().allMatch(Objects::nonNull)) {
      try {
        Headers.Builder headers = Headers.builder();
        for (int index = 0; index + 1 < list.size(); index += 2) {
          headers.add(list.get(index).toString(), bytes(list.get(index + 1)));
        }
        return headers.build();
      } catch (IllegalArgumentException e) {
        // Not of our making.
      }
    }
    return readPlain(in, routingKey);
  }

  private static void put(
      String name, byte[] value, BasicProperties.Builder out, Map<String, Object> table) {
    String text = new String(value, UTF_8);
    boolean isShort = value.length <= SHORT_BYTES_MAX;
    switch (name) {
      case Headers.ID -> out.messageId(isShort ? text : null);
      case Headers.CONTENT_TYPE -> out.contentType(isShort ? text : null);
      case Headers.REPLY_TO -> out.replyTo(isShort ? text : null);
      case Headers.CORRELATION_ID -> out.correlationId(isShort ? text : null);
      case Headers.TIME -> out.timestamp(time(text));
      case Headers.KEY -> table.put(KEY, valueOf(value, text));
      case Headers.CHANNEL -> table.put(CHANNEL, valueOf(value, text));
      default -> {
        if (name.getBytes(UTF_8).length <= SHORT_BYTES_MAX && !isOfTheWay(name)) {
          table.put(name, valueOf(value, text));
        }
      }
    }
  }

  /** Text where the bytes are text, which every client can show. */
  private static Object valueOf(byte[] value, String text) {
    return java.util.Arrays.equals(text.getBytes(UTF_8), value) ? text : value;
  }

  private static Headers readPlain(BasicProperties in, String routingKey) {
    Headers.Builder headers = Headers.builder();
    Map<String, Object> table = table(in);
    Object key = table.get(KEY);
    add(headers, Headers.KEY, key == null && !routingKey.isEmpty() ? routingKey : key);
    add(headers, Headers.ID, in.getMessageId());
    Date time = in.getTimestamp();
    add(headers, Headers.TIME, time == null ? null : time.toInstant().toString());
    add(headers, Headers.CONTENT_TYPE, in.getContentType());
    add(headers, Headers.REPLY_TO, in.getReplyTo());
    add(headers, Headers.CORRELATION_ID, in.getCorrelationId());
    add(headers, Headers.CHANNEL, table.get(CHANNEL));
    new TreeMap<>(table)
        .forEach((name, value) -> {
          if (!isOfTheWay(name)) {
            add(headers, name, value);
          }
        });
    return headers.build();
  }

  /** What is about the way and not about the message, or is told otherwise. */
  private static boolean isOfTheWay(String name) {
    return name.startsWith(OURS) || name.equals(DELIVERY_COUNT) || name.startsWith("x-acquired");
  }

  /** What is longer than a record's headers may be is left out: the message itself matters more. */
  private static void add(Headers.Builder headers, String name, @Nullable Object value) {
    if (value == null) {
      return;
    }
    try {
      headers.add(name, bytes(value));
    } catch (IllegalArgumentException e) {
      // Too long, or a name that begins with a colon and that nobody knows.
    }
  }

  /** A value of AMQP as the bytes of a header. */
  static byte[] bytes(Object value) {
    return switch (value) {
      case byte[] raw -> raw;
      case LongString text -> text.getBytes();
      case Date time -> time.toInstant().toString().getBytes(UTF_8);
      default -> text(value).getBytes(UTF_8);
    };
  }

  /** Tables and arrays in their order, as in JSON without quotes. */
  private static String text(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case List<?> list ->
          "[" + String.join(", ", list.stream().map(AmqpHeaders::text).toList()) + "]";
      case Map<?, ?> map -> {
        Map<String, String> sorted = new TreeMap<>();
        map.forEach((name, each) -> sorted.put(String.valueOf(name), text(each)));
        yield sorted.toString();
      }
      case byte[] raw -> new String(raw, UTF_8);
      case Date time -> time.toInstant().toString();
      default -> value.toString();
    };
  }

  private static @Nullable Date time(String text) {
    try {
      return Date.from(Instant.parse(text));
    } catch (DateTimeException | IllegalArgumentException e) {
      return null;
    }
  }
}
