package io.hostpipe.spi;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Objects;

/**
 * The words that connectors write into messages to say how far a stream has got: printable ASCII
 * without spaces or colons. Which words stand where is the connector's own.
 *
 * <p>What is read was written by anybody: a word that is none is an {@link
 * IllegalArgumentException}, for the caller to handle. Thread rule: any thread.
 */
public final class PlaceWords {
  private static final String RECORDS = "records";
  private static final String BYTES = "bytes";

  /**
   * The last one that was written, and the last one that was read: the next is nearly always it.
   */
  private static volatile Named written = Named.NONE;

  private static volatile Named read = Named.NONE;

  private record Named(StreamId stream, String word) {
    static final Named NONE = new Named(new StreamId("none"), "none");
  }

  private PlaceWords() {}

  /** The word for what a stream is made of. */
  public static String of(Encoding encoding) {
    return switch (encoding) {
      case RECORDS -> RECORDS;
      case RAW -> BYTES;
    };
  }

  /** What a stream is made of. */
  public static Encoding encoding(String word) {
    return switch (word) {
      case RECORDS -> Encoding.RECORDS;
      case BYTES -> Encoding.RAW;
      default -> throw new IllegalArgumentException("an encoding of another time: " + word);
    };
  }

  /** The word for a stream; a writer asks for the same one for each message. */
  public static String of(StreamId stream) {
    Named known = written;
    if (!known.stream.equals(stream)) {
      known = new Named(stream, encode(stream.value()));
      written = known;
    }
    return known.word;
  }

  private static String encode(String value) {
    for (int index = 0; index < value.length(); index++) {
      if (!isPlain(value.charAt(index))) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
      }
    }
    return value;
  }

  private static boolean isPlain(char each) {
    return (each >= 'a' && each <= 'z')
        || (each >= 'A' && each <= 'Z')
        || (each >= '0' && each <= '9')
        || each == '-'
        || each == '_'
        || each == '.';
  }

  /** The stream of a word. */
  public static StreamId stream(String word) {
    Named known = read;
    if (!known.word.equals(word)) {
      boolean plain = word.indexOf('%') < 0 && word.indexOf('+') < 0;
      String value = plain ? word : URLDecoder.decode(word, StandardCharsets.UTF_8);
      known = new Named(new StreamId(value), word);
      read = known;
    }
    return known.stream;
  }

  /** The word for a digest. */
  public static String of(Digest digest) {
    return HexFormat.of().toHexDigits(digest.toLong());
  }

  /** The digest of a word. */
  public static Digest digest(String word) {
    return Digest.fromLong(HexFormat.fromHexDigitsToLong(word));
  }

  /** The word for the digest of a place, whose writer knows it. */
  public static String digestOf(Resume held) {
    return of(Objects.requireNonNull(held.digest(), "a writer knows its digest"));
  }

  /** Adds a space, a position, a space and the cursor; nothing where there is no cursor. */
  public static void appendCursor(StringBuilder text, Resume held) {
    Cursor cursor = held.cursor();
    if (cursor != null) {
      text.append(' ')
          .append(held.cursorPosition())
          .append(' ')
          .append(Base64.getEncoder().encodeToString(cursor.bytes()));
    }
  }

  /**
   * A place of words, the last two of which may be as {@link #appendCursor} wrote them.
   *
   * @param words all of the text
   * @param cursorIndex where the position of the cursor stands, if it does
   */
  public static Resume held(
      String position, String digest, String epoch, String[] words, int cursorIndex) {
    long end = Long.parseLong(position);
    boolean hasCursor = words.length > cursorIndex;
    return new Resume(
        end,
        hasCursor ? Cursor.of(Base64.getDecoder().decode(words[cursorIndex + 1])) : null,
        digest(digest),
        hasCursor ? Long.parseLong(words[cursorIndex]) : end,
        Long.parseLong(epoch));
  }
}
