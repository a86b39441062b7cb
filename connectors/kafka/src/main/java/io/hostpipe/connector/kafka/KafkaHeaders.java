package io.hostpipe.connector.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.Headers;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/**
 * Headers of messages as key, time and headers of Kafka, and back.
 *
 * <p>Kafka keeps names, order and bytes, so nearly all stands there as it is; the reserved names
 * have names without a colon there. Headers that would not come back as they were are kept in one
 * more header as well. What is read from a message is a function of it alone, so that a message
 * read twice is the same record twice.
 */
final class KafkaHeaders {
  /** Headers that Kafka cannot hold as they are: lengths, names and values in turns. */
  static final String EXACT = "hostpipe-headers";

  /** A message without a value, which Kafka tells from an empty one: it deletes its key. */
  static final String NULL = "kafka-null";

  private static final String OURS = "hostpipe-";
  private static final String TIME = "hostpipe-time";

  private static final Map<String, String> TO_KAFKA =
      Map.of(
          Headers.ID, "hostpipe-id",
          Headers.TIME, TIME,
          Headers.CONTENT_TYPE, "content-type",
          Headers.REPLY_TO, "reply-to",
          Headers.CORRELATION_ID, "correlation-id",
          Headers.CHANNEL, "hostpipe-channel");

  private static final Map<String, String> FROM_KAFKA = inverted();

  private KafkaHeaders() {}

  /** What Kafka has beside a value. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Written(
      byte @Nullable [] key, @Nullable Long timestampMillis, List<Header> headers, boolean isNull) {
    private static final Written NOTHING = new Written(null, null, List.of(), false);
  }

  /** What these headers are in Kafka. */
  static Written write(Headers headers) {
    if (headers.isEmpty()) {
      return Written.NOTHING;
    }
    List<Header> out = new ArrayList<>();
    byte[][] key = {null};
    boolean[] is = {true, false};
    headers.forEach((name, value) -> {
      if (name.equals(Headers.KEY)) {
        is[0] &= key[0] == null && out.isEmpty();
        key[0] = key[0] == null ? value : key[0];
        return;
      }
      String kafkaName = TO_KAFKA.getOrDefault(name, name);
      is[1] |= name.equals(NULL);
      if (kafkaName.equals(name) && (name.startsWith(OURS) || FROM_KAFKA.containsKey(name))) {
        is[0] = false;
      } else {
        out.add(new RecordHeader(kafkaName, value));
      }
    });
    if (!is[0]) {
      out.add(new RecordHeader(EXACT, exact(headers)));
    }
    return new Written(key[0], timestamp(headers), out, is[1]);
  }

  /**
   * The headers of a message of Kafka.
   *
   * @param timeMillis to be told as its time, unless it has another one; null for not at all
   */
  static Headers read(
      byte @Nullable [] key,
      org.apache.kafka.common.header.Headers in,
      boolean isNull,
      @Nullable Long timeMillis) {
    Header exact = in.lastHeader(EXACT);
    if (exact != null) {
      Headers read = readExact(exact.value());
      if (read != null) {
        return read;
      }
    }
    Headers.Builder headers = Headers.builder();
    if (key != null) {
      add(headers, Headers.KEY, key);
    }
    if (timeMillis != null && timeMillis >= 0 && in.lastHeader(TIME) == null) {
      headers.add(Headers.TIME, Instant.ofEpochMilli(timeMillis).toString());
    }
    if (isNull && in.lastHeader(NULL) == null) {
      headers.add(NULL, "");
    }
    for (Header each : in) {
      String name = FROM_KAFKA.getOrDefault(each.key(), each.key());
      if (!name.startsWith(OURS)) {
        byte[] value = each.value();
        add(headers, name, value == null ? new byte[0] : value);
      }
    }
    return headers.build();
  }

  private static @Nullable Long timestamp(Headers headers) {
    String text = headers.text(Headers.TIME);
    if (text == null) {
      return null;
    }
    try {
      long millis = Instant.parse(text).toEpochMilli();
      return millis < 0 ? null : millis;
    } catch (DateTimeParseException | ArithmeticException e) {
      // Kept in its header as it is.
      return null;
    }
  }

  /** What is longer than a record's headers may be is left out: the message itself matters more. */
  private static void add(Headers.Builder headers, String name, byte[] value) {
    try {
      headers.add(name, value);
    } catch (IllegalArgumentException e) {
      // Too long, or a name that begins with a colon and that nobody knows.
    }
  }

  private static byte[] exact(Headers headers) {
    int[] lengthBytes = {0};
    headers.forEach((name, value) ->
        lengthBytes[0] += 2 * Integer.BYTES + name.getBytes(UTF_8).length + value.length);
    ByteBuffer out = ByteBuffer.allocate(lengthBytes[0]);
    headers.forEach((name, value) -> {
      byte[] nameBytes = name.getBytes(UTF_8);
      out.putInt(nameBytes.length).put(nameBytes).putInt(value.length).put(value);
    });
    return out.array();
  }

  private static @Nullable Headers readExact(byte[] bytes) {
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes);
      Headers.Builder headers = Headers.builder();
      while (in.hasRemaining()) {
        String name = new String(field(in), UTF_8);
        headers.add(name, field(in));
      }
      return headers.build();
    } catch (IllegalArgumentException e) {
      // Not of our making.
      return null;
    }
  }

  private static byte[] field(ByteBuffer in) {
    int lengthBytes = in.remaining() < Integer.BYTES ? -1 : in.getInt();
    if (lengthBytes < 0 || lengthBytes > in.remaining()) {
      throw new IllegalArgumentException("a length beyond the end");
    }
    byte[] field = new byte[lengthBytes];
    in.get(field);
    return field;
  }

  private static Map<String, String> inverted() {
    Map<String, String> inverted = new HashMap<>();
    TO_KAFKA.forEach((name, kafkaName) -> inverted.put(kafkaName, name));
    return inverted;
  }
}
