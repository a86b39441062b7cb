package io.hostpipe;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The headers of one message: an ordered list of names and values, immutable.
 *
 * <p>Kept in wire form: for each header {@code varint nameLength, name (UTF-8), varint valueLength,
 * value}. A name may stand more than once. Names that begin with a colon are reserved; those known
 * are the constants below. {@code traceparent} is W3C Trace Context's.
 */
public final class Headers {
  /** The message's key: what it is partitioned or compacted by. */
  public static final String KEY = ":key";

  /** The message's own id. */
  public static final String ID = ":id";

  /** When it happened, RFC 3339 in UTC. */
  public static final String TIME = ":time";

  /** The media type of the payload. */
  public static final String CONTENT_TYPE = ":content-type";

  /** Where an answer is expected. */
  public static final String REPLY_TO = ":reply-to";

  /** Ties an answer to its question. */
  public static final String CORRELATION_ID = ":correlation-id";

  /** Tells a program's error output from its output. */
  public static final String CHANNEL = ":channel";

  /** The most bytes the headers of one message may have in wire form. */
  public static final int LENGTH_BYTES_MAX = 64 << 10;

  /** No headers at all. */
  public static final Headers EMPTY = new Headers(new byte[0]);

  private static final Set<String> RESERVED =
      Set.of(KEY, ID, TIME, CONTENT_TYPE, REPLY_TO, CORRELATION_ID, CHANNEL);

  private final byte[] wire;

  private Headers(byte[] wire) {
    this.wire = wire;
  }

  /** Begins a list of headers. */
  public static Builder builder() {
    return new Builder();
  }

  /** One header with a text value. */
  public static Headers of(String name, String value) {
    return builder().add(name, value).build();
  }

  /**
   * Reads headers in wire form; the bytes are copied and the buffer's position moves to its limit.
   *
   * @throws IllegalArgumentException when the bytes are not headers
   */
  static Headers decode(ByteBuffer bytes) {
    if (!bytes.hasRemaining()) {
      return EMPTY;
    }
    byte[] wire = new byte[bytes.remaining()];
    bytes.get(wire);
    ByteBuffer check = ByteBuffer.wrap(wire);
    while (check.hasRemaining()) {
      Records.skipField(check);
      Records.skipField(check);
    }
    return new Headers(wire);
  }

  /** Whether there is none. */
  public boolean isEmpty() {
    return wire.length == 0;
  }

  /** The bytes in wire form. */
  public int lengthBytes() {
    return wire.length;
  }

  /** The value of the first header of that name; a copy. */
  public byte @Nullable [] value(String name) {
    byte[] wanted = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer in = ByteBuffer.wrap(wire);
    while (in.hasRemaining()) {
      byte[] found = Records.readField(in);
      byte[] value = Records.readField(in);
      if (Arrays.equals(found, wanted)) {
        return value;
      }
    }
    return null;
  }

  /** The value of the first header of that name as UTF-8. */
  public @Nullable String text(String name) {
    byte[] value = value(name);
    return value == null ? null : new String(value, StandardCharsets.UTF_8);
  }

  /** Calls with every name and a copy of its value, in order. */
  public void forEach(BiConsumer<String, byte[]> action) {
    ByteBuffer in = ByteBuffer.wrap(wire);
    while (in.hasRemaining()) {
      String name = new String(Records.readField(in), StandardCharsets.UTF_8);
      action.accept(name, Records.readField(in));
    }
  }

  /** The names in order. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    forEach((name, value) -> names.add(name));
    return names;
  }

  void writeTo(ByteBuffer out) {
    out.put(wire);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Headers headers && Arrays.equals(wire, headers.wire);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(wire);
  }

  @Override
  public String toString() {
    return "Headers" + names();
  }

  /** Collects headers. Thread rule: one thread. */
  public static final class Builder {
    private ByteBuffer out = ByteBuffer.allocate(128);

    private Builder() {}

    /**
     * Adds a header.
     *
     * @throws IllegalArgumentException for an empty name, an unknown reserved name, or headers
     *     above {@link #LENGTH_BYTES_MAX}
     */
    public Builder add(String name, byte[] value) {
      if (name.isEmpty()) {
        throw new IllegalArgumentException("a header has a name");
      }
      if (name.charAt(0) == ':' && !RESERVED.contains(name)) {
        throw new IllegalArgumentException(
            "header names that begin with a colon are reserved; unknown: " + name);
      }
      byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
      long neededBytes = fieldLengthBytes(nameBytes) + fieldLengthBytes(value);
      if (out.position() + neededBytes > LENGTH_BYTES_MAX) {
        throw new IllegalArgumentException(
            "the headers of a message have at most "
                + LENGTH_BYTES_MAX
                + " bytes; too long: "
                + name);
      }
      if (out.remaining() < neededBytes) {
        ByteBuffer larger =
            ByteBuffer.allocate(Math.max(out.capacity() * 2, out.position() + (int) neededBytes));
        out = larger.put(out.flip());
      }
      Records.writeField(out, nameBytes);
      Records.writeField(out, value);
      return this;
    }

    /** Adds a header with a text value. */
    public Builder add(String name, String value) {
      return add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    private static long fieldLengthBytes(byte[] value) {
      return (long) Records.varintLengthBytes(value.length) + value.length;
    }

    /** The headers so far. */
    public Headers build() {
      return out.position() == 0 ? EMPTY : new Headers(Arrays.copyOf(out.array(), out.position()));
    }
  }
}
