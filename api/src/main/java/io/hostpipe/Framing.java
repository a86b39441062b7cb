package io.hostpipe;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How messages are told apart in a stream of bytes that belongs to somebody else's protocol.
 *
 * <p>TCP keeps no borders: what was written at once may come in pieces, and pieces may come glued
 * together. A framing puts borders in and finds them again however the bytes were cut.
 *
 * <table>
 *   <caption>The framings</caption>
 *   <tr><td>{@code raw}</td><td>none: whatever comes at once is one message</td></tr>
 *   <tr><td>{@code lines}</td><td>a message ends with a line feed, which is not part of it; a last
 *     line without one is a message too</td></tr>
 *   <tr><td>{@code delim:X}</td><td>the same with other bytes: text with {@code \n \r \t \0 \\} and
 *     {@code \xHH}</td></tr>
 *   <tr><td>{@code fixed:N}</td><td>N bytes each</td></tr>
 *   <tr><td>{@code u32}</td><td>four bytes of length, big-endian, then the message</td></tr>
 *   <tr><td>{@code varint}</td><td>a length as in Protocol Buffers, then the message</td></tr>
 * </table>
 *
 * <p>Immutable; encoding and decoding state is in what {@link #decoder} makes.
 */
public final class Framing {
  /** The longest delimiter. */
  public static final int DELIMITER_BYTES_MAX = 64;

  /** No borders. */
  public static final Framing RAW = new Framing(Kind.RAW, "raw", new byte[0], 0);

  /** Lines that end with a line feed. */
  public static final Framing LINES = new Framing(Kind.DELIMITER, "lines", new byte[] {'\n'}, 0);

  /** Four bytes of length, big-endian. */
  public static final Framing U32 = new Framing(Kind.U32, "u32", new byte[0], 0);

  /** A varint of length. */
  public static final Framing VARINT = new Framing(Kind.VARINT, "varint", new byte[0], 0);

  private static final int VARINT_BYTES_MAX = 5;

  enum Kind {
    RAW,
    DELIMITER,
    FIXED,
    U32,
    VARINT
  }

  private final Kind kind;
  private final String text;
  private final byte[] delimiter;
  private final int fixedBytes;

  /** Lengths of proper beginnings of the delimiter that are its ends too. */
  private final int[] overlapsBytes;

  private Framing(Kind kind, String text, byte[] delimiter, int fixedBytes) {
    this.kind = kind;
    this.text = text;
    this.delimiter = delimiter;
    this.fixedBytes = fixedBytes;
    this.overlapsBytes =
        IntStream.range(1, Math.max(1, delimiter.length))
            .filter(count ->
                Arrays.equals(
                    delimiter, 0, count, delimiter, delimiter.length - count, delimiter.length))
            .toArray();
  }

  /**
   * Reads {@code raw}, {@code lines}, {@code delim:X}, {@code fixed:N}, {@code u32} or {@code
   * varint}.
   *
   * @throws PipeException.Config when it is none of them
   */
  public static Framing parse(String text) throws PipeException {
    return switch (text) {
      case "raw" -> RAW;
      case "lines" -> LINES;
      case "u32" -> U32;
      case "varint" -> VARINT;
      default -> {
        if (text.startsWith("delim:")) {
          yield delimiter(unescape(text.substring(6)));
        }
        if (text.startsWith("fixed:")) {
          yield fixed(parseLength(text));
        }
        throw new PipeException.Config(
            "not a framing: '" + text + "'; there are raw, lines, delim:X, fixed:N, u32, varint");
      }
    };
  }

  /**
   * Messages that end with these bytes.
   *
   * @throws PipeException.Config when there are none, or more than {@link #DELIMITER_BYTES_MAX}
   */
  public static Framing delimiter(byte[] bytes) throws PipeException {
    if (bytes.length == 0 || bytes.length > DELIMITER_BYTES_MAX) {
      throw new PipeException.Config(
          "a delimiter has 1 to " + DELIMITER_BYTES_MAX + " bytes, this one has " + bytes.length);
    }
    String shown = "delim:" + escape(bytes);
    return new Framing(Kind.DELIMITER, shown, bytes.clone(), 0);
  }

  /**
   * Messages of so many bytes each.
   *
   * @throws PipeException.Config when that is not between 1 and {@link Records#PAYLOAD_BYTES_MAX}
   */
  public static Framing fixed(int lengthBytes) throws PipeException {
    if (lengthBytes < 1 || lengthBytes > Records.PAYLOAD_BYTES_MAX) {
      throw new PipeException.Config(
          "fixed messages have 1 to " + Records.PAYLOAD_BYTES_MAX + " bytes, not " + lengthBytes);
    }
    return new Framing(Kind.FIXED, "fixed:" + lengthBytes, new byte[0], lengthBytes);
  }

  /** The bytes that a message of this length takes. */
  public int encodedLengthBytes(int payloadLengthBytes) {
    return switch (kind) {
      case RAW, FIXED -> payloadLengthBytes;
      case DELIMITER -> payloadLengthBytes + delimiter.length;
      case U32 -> payloadLengthBytes + 4;
      case VARINT -> payloadLengthBytes + Records.varintLengthBytes(payloadLengthBytes);
    };
  }

  /**
   * Appends one message with its border.
   *
   * @param payload its remaining bytes; the position moves to the limit
   * @param out has room for {@link #encodedLengthBytes}
   * @throws PipeException.Rejected when the message cannot be told apart in this framing: it holds
   *     the delimiter, or has another length than all
   */
  public void encode(ByteBuffer payload, ByteBuffer out) throws PipeException {
    String why = obstacle(payload);
    if (why != null) {
      throw new PipeException.Rejected(Status.INVALID_ARGUMENT, why);
    }
    put(payload, out);
  }

  /** Why this framing cannot carry the message; null when it can. */
  @Nullable String obstacle(ByteBuffer payload) {
    return switch (kind) {
      case RAW, U32, VARINT -> null;
      case DELIMITER ->
          Delimiters.indexOf(payload, payload.position(), delimiter) >= 0 || endsEarly(payload)
              ? cannotCarry("holds the delimiter itself, or ends with a part of it")
              : null;
      case FIXED ->
          payload.remaining() == fixedBytes
              ? null
              : cannotCarry("has " + payload.remaining() + " bytes");
    };
  }

  /** Appends a message without an obstacle. */
  void put(ByteBuffer payload, ByteBuffer out) {
    switch (kind) {
      case RAW, FIXED -> out.put(payload);
      case DELIMITER -> {
        out.put(payload);
        if (delimiter.length == 1) {
          out.put(delimiter[0]);
        } else {
          out.put(delimiter);
        }
      }
      case U32 -> {
        int lengthBytes = payload.remaining();
        out.putInt(
            out.order() == ByteOrder.BIG_ENDIAN ? lengthBytes : Integer.reverseBytes(lengthBytes));
        out.put(payload);
      }
      case VARINT -> {
        Records.writeVarint(out, payload.remaining());
        out.put(payload);
      }
    }
  }

  /** A decoder for one stream, with the limit of {@link Records#PAYLOAD_BYTES_MAX}. */
  public FrameDecoder decoder() {
    return decoder(Records.PAYLOAD_BYTES_MAX);
  }

  /**
   * A decoder for one stream.
   *
   * @param messageBytesMax a longer message is an error, so that a stream without borders cannot
   *     fill the memory
   */
  public FrameDecoder decoder(int messageBytesMax) {
    if (messageBytesMax < 1 || messageBytesMax > Records.PAYLOAD_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a limit is from 1 to " + Records.PAYLOAD_BYTES_MAX + ", not " + messageBytesMax);
    }
    return new FrameDecoder(this, messageBytesMax);
  }

  Kind kind() {
    return kind;
  }

  byte[] delimiterBytes() {
    return delimiter;
  }

  int fixedBytes() {
    return fixedBytes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Framing framing
        && kind == framing.kind
        && fixedBytes == framing.fixedBytes
        && Arrays.equals(delimiter, framing.delimiter);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * kind.hashCode() + fixedBytes) + Arrays.hashCode(delimiter);
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    return text;
  }

  /** Whether message and delimiter together hold the delimiter before its own place. */
  private boolean endsEarly(ByteBuffer payload) {
    for (int overlapBytes : overlapsBytes) {
      int tailBytes = delimiter.length - overlapBytes;
      int tailIndex = payload.limit() - tailBytes;
      boolean ends = tailIndex >= payload.position();
      for (int index = 0; ends && index < tailBytes; index++) {
        ends = payload.get(tailIndex + index) == delimiter[index];
      }
      if (ends) {
        return true;
      }
    }
    return false;
  }

  private String cannotCarry(String why) {
    return "a message " + why + ", so the framing " + text + " cannot carry it";
  }

  private static int parseLength(String text) throws PipeException {
    try {
      return Integer.parseInt(text.substring(6));
    } catch (NumberFormatException e) {
      throw new PipeException.Config("fixed:N wants a number of bytes, not '" + text + "'");
    }
  }

  private static byte[] unescape(String text) throws PipeException {
    ByteBuffer out = ByteBuffer.allocate(4 * text.length());
    int index = 0;
    while (index < text.length()) {
      int point = text.codePointAt(index);
      index += Character.charCount(point);
      if (point != '\\') {
        out.put(Character.toString(point).getBytes(StandardCharsets.UTF_8));
        continue;
      }
      char escaped = index < text.length() ? text.charAt(index++) : ' ';
      switch (escaped) {
        case 'n' -> out.put((byte) '\n');
        case 'r' -> out.put((byte) '\r');
        case 't' -> out.put((byte) '\t');
        case '0' -> out.put((byte) 0);
        case '\\' -> out.put((byte) '\\');
        case 'x' -> {
          out.put(hexByte(text, index));
          index += 2;
        }
        default ->
            throw new PipeException.Config(
                "a backslash in delim:X stands before n, r, t, 0, \\ or xHH: '" + text + "'");
      }
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  private static byte hexByte(String text, int index) throws PipeException {
    try {
      return (byte) HexFormat.fromHexDigits(text, index, index + 2);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new PipeException.Config("\\x wants two hexadecimal digits: '" + text + "'");
    }
  }

  private static String escape(byte[] bytes) {
    StringBuilder shown = new StringBuilder();
    for (byte each : bytes) {
      if (each > ' ' && each < 0x7F && each != '\\') {
        shown.append((char) each);
      } else {
        shown.append("\\x").append(HexFormat.of().toHexDigits(each));
      }
    }
    return shown.toString();
  }

  /** How many bytes the varint of a length may have. */
  static int varintBytesMax() {
    return VARINT_BYTES_MAX;
  }
}
