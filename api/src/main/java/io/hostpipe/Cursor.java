package io.hostpipe;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A source's own place (file offset, Kafka offset, JetStream sequence), opaque to everything else.
 *
 * <p>It travels with the end of a batch, is kept by the sink atomically with the position, and
 * comes back when the stream resumes. Immutable.
 */
public final class Cursor {
  /** The most bytes a cursor may have. */
  public static final int LENGTH_BYTES_MAX = 256;

  private final byte[] bytes;

  private Cursor(byte[] bytes) {
    if (bytes.length > LENGTH_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a cursor has at most " + LENGTH_BYTES_MAX + " bytes, this one has " + bytes.length);
    }
    this.bytes = bytes;
  }

  /** A cursor of these bytes, which are copied. */
  public static Cursor of(byte[] bytes) {
    return new Cursor(bytes.clone());
  }

  /** A cursor of this text in UTF-8. */
  public static Cursor of(String text) {
    return new Cursor(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A copy of the bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** The bytes read as UTF-8, for cursors made by {@link #of(String)}. */
  public String text() {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Cursor cursor && Arrays.equals(bytes, cursor.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return "Cursor[" + HexFormat.of().formatHex(bytes) + "]";
  }
}
