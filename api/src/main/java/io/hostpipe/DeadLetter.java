package io.hostpipe;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the headers of a message say that was refused and put aside: why, where it should have gone,
 * and where it stood.
 *
 * <p>The message keeps its payload and its own headers; these stand behind them.
 *
 * @param why the cause, with how often it was tried
 * @param address where it should have gone, without secrets
 * @param stream that it belongs to
 * @param endPosition where it ends in that stream
 * @param time when it was put aside
 */
public record DeadLetter(
    Rejection why, String address, String stream, long endPosition, Instant time) {
  private static final String STATUS = "dead-letter-status";
  private static final String CAUSE = "dead-letter-cause";
  private static final String ATTEMPTS = "dead-letter-attempts";
  private static final String ADDRESS = "dead-letter-address";
  private static final String STREAM = "dead-letter-stream";
  private static final String POSITION = "dead-letter-position";
  private static final String TIME = "dead-letter-time";

  private static final Set<String> NAMES =
      Set.of(STATUS, CAUSE, ATTEMPTS, ADDRESS, STREAM, POSITION, TIME);

  /**
   * A message's headers with these behind them. Those of an earlier refusal are replaced.
   *
   * @throws IllegalArgumentException when all of them together are too long
   */
  public Headers addTo(Headers headers) {
    Headers.Builder all = Headers.builder();
    copy(headers, all);
    return all.add(STATUS, why.status().name())
        .add(CAUSE, why.reason())
        .add(ATTEMPTS, Integer.toString(why.attempts()))
        .add(ADDRESS, address)
        .add(STREAM, stream)
        .add(POSITION, Long.toString(endPosition))
        .add(TIME, time.toString())
        .build();
  }

  /** What the headers say; null when the message is no dead letter. */
  public static @Nullable DeadLetter of(Headers headers) {
    String cause = headers.text(CAUSE);
    String address = headers.text(ADDRESS);
    String stream = headers.text(STREAM);
    if (cause == null || address == null || stream == null) {
      return null;
    }
    try {
      return new DeadLetter(
          new Rejection(
              Status.valueOf(text(headers, STATUS)),
              cause,
              Integer.parseInt(text(headers, ATTEMPTS))),
          address,
          stream,
          Long.parseLong(text(headers, POSITION)),
          Instant.parse(text(headers, TIME)));
    } catch (IllegalArgumentException | DateTimeParseException e) {
      return null;
    }
  }

  /** The headers that the message had before it was refused. */
  public static Headers original(Headers headers) {
    Headers.Builder own = Headers.builder();
    copy(headers, own);
    return own.build();
  }

  private static void copy(Headers from, Headers.Builder to) {
    from.forEach((name, value) -> {
      if (!NAMES.contains(name)) {
        to.add(name, value);
      }
    });
  }

  private static String text(Headers headers, String name) {
    String text = headers.text(name);
    return text == null ? "" : text;
  }
}
