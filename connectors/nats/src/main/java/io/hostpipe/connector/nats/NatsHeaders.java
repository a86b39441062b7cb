package io.hostpipe.connector.nats;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.Headers;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Headers of messages as headers of NATS, and back.
 *
 * <p>What NATS can hold stands there under its own name, for everybody to read; the reserved names
 * have names without a colon there. NATS has no order between names, and nothing but printable
 * ASCII: headers that would not come back as they were are kept in one more header as well, in
 * Base64. What is read from a message is a function of it alone, so that a message read twice is
 * the same record twice.
 */
final class NatsHeaders {
  /** Headers that NATS cannot hold as they are: names and values in turns, each in Base64. */
  static final String EXACT = "Hostpipe-Headers";

  private static final Map<String, String> TO_NATS =
      Map.of(
          Headers.KEY, "Hostpipe-Key",
          Headers.ID, "Hostpipe-Id",
          Headers.TIME, "Hostpipe-Time",
          Headers.CONTENT_TYPE, "Content-Type",
          Headers.REPLY_TO, "Hostpipe-Reply-To",
          Headers.CORRELATION_ID, "Correlation-Id",
          Headers.CHANNEL, "Hostpipe-Channel");

  private static final Map<String, String> FROM_NATS = inverted();

  private NatsHeaders() {}

  /** Writes these headers into those of a message of NATS. */
  static void write(Headers headers, io.nats.client.impl.Headers out) {
    if (headers.isEmpty()) {
      return;
    }
    headers.forEach((name, value) -> {
      String natsName = TO_NATS.getOrDefault(name, name);
      String text = new String(value, UTF_8);
      if (isName(natsName) && !isOurs(natsName) && isValue(text)) {
        out.add(natsName, text);
      }
    });
    if (!readPlain(out).equals(headers)) {
      List<String> exact = new ArrayList<>();
      headers.forEach((name, value) -> {
        exact.add(encoded(name.getBytes(UTF_8)));
        exact.add(encoded(value));
      });
      out.put(EXACT, String.join(" ", exact));
    }
  }

  /**
   * Reads the headers of a message of NATS.
   *
   * @param in null where it has none
   */
  static Headers read(io.nats.client.impl.@Nullable Headers in) {
    if (in == null) {
      return Headers.EMPTY;
    }
    String exact = in.getFirst(EXACT);
    return exact == null ? readPlain(in) : readExact(exact, in);
  }

  private static Headers readExact(String text, io.nats.client.impl.Headers in) {
    try {
      Headers.Builder headers = Headers.builder();
      String[] words = text.split(" ", -1);
      for (int index = 0; index + 1 < words.length; index += 2) {
        headers.add(
            new String(Base64.getDecoder().decode(words[index]), UTF_8),
            Base64.getDecoder().decode(words[index + 1]));
      }
      return headers.build();
    } catch (IllegalArgumentException e) {
      // Not of our making.
      return readPlain(in);
    }
  }

  private static Headers readPlain(io.nats.client.impl.Headers in) {
    Map<String, List<String>> sorted = new TreeMap<>(Comparator.naturalOrder());
    in.forEach(sorted::put);
    Headers.Builder headers = Headers.builder();
    sorted.forEach((natsName, values) -> {
      String name = nameOf(natsName, in);
      if (name != null) {
        values.forEach(value -> add(headers, name, value));
      }
    });
    return headers.build();
  }

  /** What is longer than a record's headers may be is left out: the message itself matters more. */
  private static void add(Headers.Builder headers, String name, String value) {
    try {
      headers.add(name, value);
    } catch (IllegalArgumentException e) {
      // Too long, or a name that begins with a colon and that nobody knows.
    }
  }

  /** The name in a record; null for what is about the way and not about the message. */
  private static @Nullable String nameOf(String natsName, io.nats.client.impl.Headers in) {
    if (natsName.equals(Place.MESSAGE_ID) && !in.containsKey(Place.HEADER)) {
      return in.containsKey("Hostpipe-Id") ? null : Headers.ID;
    }
    String reserved = FROM_NATS.get(natsName);
    if (reserved != null) {
      return reserved;
    }
    return isOurs(natsName) || natsName.startsWith("Nats-") ? null : natsName;
  }

  private static boolean isOurs(String natsName) {
    return (natsName.startsWith("Hostpipe-") && !FROM_NATS.containsKey(natsName))
        || natsName.startsWith("Nats-");
  }

  private static boolean isName(String name) {
    return name.chars().allMatch(c -> c > ' ' && c < 127 && c != ':');
  }

  private static boolean isValue(String value) {
    return value.chars().allMatch(c -> c >= ' ' && c < 127) && value.equals(value.strip());
  }

  private static String encoded(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static Map<String, String> inverted() {
    Map<String, String> inverted = new TreeMap<>();
    TO_NATS.forEach((name, natsName) -> inverted.put(natsName, name));
    return inverted;
  }
}
