package io.hostpipe.connector.rabbitmq;

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
import org.jspecify.annotations.Nullable;

/**
 * How far a stream of a pipe had got with one message: written into the properties of each, so that
 * the last one says where its writer goes on. Position and content are stored in one step, because
 * they are one message.
 *
 * @param stream that the message belongs to
 * @param encoding of the stream
 * @param follows the position behind the message before this one in the same stream: what lies
 *     between the two was refused. 0 for the first
 * @param held position, digest, cursor and epoch behind the message
 * @param end whether the message has no content and says that the stream ends here
 */
record StreamPlace(StreamId stream, Encoding encoding, long follows, Resume held, boolean end) {
  private static final String RECORDS = "records";
  private static final String BYTES = "bytes";
  private static final String END = "end";
  private static final String MORE = "more";
  private static final int WORDS = 7;

  /**
   * The number that the server knows the message by, and drops a second copy: it grows with the
   * position, so the server's newest one tells how far the stream has got.
   */
  long publishingId() {
    return publishingId(held.position(), end);
  }

  static long publishingId(long position, boolean end) {
    return 2 * position + (end ? 1 : 0);
  }

  /** The position behind the message of this number. */
  static long position(long publishingId) {
    return publishingId / 2;
  }

  /** In printable ASCII. */
  String text() {
    Digest digest = Objects.requireNonNull(held.digest(), "a writer knows its digest");
    StringBuilder text = new StringBuilder(96);
    text.append(encoding == Encoding.RECORDS ? RECORDS : BYTES)
        .append(' ')
        .append(URLEncoder.encode(stream.value(), StandardCharsets.UTF_8))
        .append(' ')
        .append(follows)
        .append(' ')
        .append(held.position())
        .append(' ')
        .append(HexFormat.of().toHexDigits(digest.toLong()))
        .append(' ')
        .append(held.epoch())
        .append(' ')
        .append(end ? END : MORE);
    Cursor cursor = held.cursor();
    if (cursor != null) {
      text.append(' ')
          .append(held.cursorPosition())
          .append(' ')
          .append(Base64.getEncoder().encodeToString(cursor.bytes()));
    }
    return text.toString();
  }

  /** What such a text says; null when it is none, or not as it is written today. */
  static @Nullable StreamPlace of(@Nullable Object text) {
    if (text == null) {
      return null;
    }
    try {
      return parse(text.toString().split(" ", -1));
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      return null;
    }
  }

  private static StreamPlace parse(String[] words) {
    Encoding encoding =
        switch (words[0]) {
          case RECORDS -> Encoding.RECORDS;
          case BYTES -> Encoding.RAW;
          default -> throw new IllegalArgumentException("an encoding of another time: " + words[0]);
        };
    StreamId stream = new StreamId(URLDecoder.decode(words[1], StandardCharsets.UTF_8));
    long position = Long.parseLong(words[3]);
    Cursor cursor =
        words.length > WORDS ? Cursor.of(Base64.getDecoder().decode(words[WORDS + 1])) : null;
    Resume held =
        new Resume(
            position,
            cursor,
            Digest.fromLong(HexFormat.fromHexDigitsToLong(words[4])),
            cursor == null ? position : Long.parseLong(words[WORDS]),
            Long.parseLong(words[5]));
    return new StreamPlace(stream, encoding, Long.parseLong(words[2]), held, words[6].equals(END));
  }
}
