package io.hostpipe;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * The name of one ordered sequence: an accepted pipe, a file, a Kafka partition.
 *
 * @param value 1 to {@value #LENGTH_BYTES_MAX} bytes of UTF-8 without control characters
 */
public record StreamId(String value) {
  /** The most bytes an id may have in UTF-8. */
  public static final int LENGTH_BYTES_MAX = 200;

  public StreamId {
    Objects.requireNonNull(value, "value");
    int lengthBytes = value.getBytes(StandardCharsets.UTF_8).length;
    if (lengthBytes == 0 || lengthBytes > LENGTH_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a stream id has 1 to " + LENGTH_BYTES_MAX + " bytes, this one has " + lengthBytes);
    }
    if (value.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("a stream id has no control characters");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
