package io.hostpipe.connector.kafka;

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
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How far a stream had got behind one batch of messages. It is committed in one transaction with
 * them, twice: in a header of the batch's last message, where a reader sees it, and as the offset
 * that a consumer group named after the stream has committed, where a writer finds it at once. A
 * batch of which every message was refused has it there alone.
 *
 * @param stream that the messages belong to
 * @param encoding of the stream
 * @param byKey whether its messages lie in all partitions, each where its key says
 * @param writer which process wrote it, a number of its own
 * @param follows the position behind the message that carries the place before this one in the same
 *     stream and partition; 0 for the first
 * @param held position, digest, cursor and epoch behind the batch
 * @param kind what carries it
 */
record Place(
    StreamId stream,
    Encoding encoding,
    boolean byKey,
    long writer,
    long follows,
    Resume held,
    Kind kind) {
  /** What carries a place. */
  enum Kind {
    /** The last message of a batch. */
    MORE,
    /** A message without content, which says that the stream ends here. */
    END,
    /** No message: all of the batch were refused. */
    BARE
  }

  /** The name of the header. */
  static final String HEADER = "hostpipe-place";

  /** What the names begin with that a writer has as a group and as a transactional id. */
  static final String NAME_PREFIX = "hostpipe:";

  private static final String RECORDS = "records";
  private static final String BYTES = "bytes";
  private static final String BY_KEY = "by-key";
  private static final int WORDS = 8;

  /** The group, and the transactional id, of the one who writes this stream into this topic. */
  static String nameOf(StreamId stream, String topic) {
    return NAME_PREFIX + topic + ":" + stream;
  }

  /** Whether the stream ends here. */
  boolean end() {
    return kind == Kind.END;
  }

  /** The position behind the newest message of the stream that carries one. */
  long behindMessages() {
    return kind == Kind.BARE ? follows : held.position();
  }

  /** The same in a partition where the one before it stands there. */
  Place behind(long before) {
    return new Place(stream, encoding, byKey, writer, before, held, kind);
  }

  /** The same where no message carries it, in a partition whose newest one ends there. */
  Place bare(long before) {
    return new Place(stream, encoding, byKey, writer, before, held, Kind.BARE);
  }

  /** In printable ASCII. */
  String text() {
    Digest digest = Objects.requireNonNull(held.digest(), "a writer knows its digest");
    StringBuilder text = new StringBuilder(128);
    text.append(URLEncoder.encode(stream.value(), StandardCharsets.UTF_8))
        .append(' ')
        .append(byKey ? BY_KEY : encoding == Encoding.RECORDS ? RECORDS : BYTES)
        .append(' ')
        .append(follows)
        .append(' ')
        .append(held.position())
        .append(' ')
        .append(HexFormat.of().toHexDigits(digest.toLong()))
        .append(' ')
        .append(held.epoch())
        .append(' ')
        .append(kind.name().toLowerCase(Locale.ROOT))
        .append(' ')
        .append(Long.toHexString(writer));
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
  static @Nullable Place of(byte @Nullable [] text) {
    return text == null ? null : of(new String(text, StandardCharsets.US_ASCII));
  }

  /** What such a text says; null when it is none, or not as it is written today. */
  static @Nullable Place of(String text) {
    try {
      return parse(text.split(" ", -1));
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      return null;
    }
  }

  private static Place parse(String[] words) {
    StreamId stream = new StreamId(URLDecoder.decode(words[0], StandardCharsets.UTF_8));
    Encoding encoding =
        switch (words[1]) {
          case RECORDS, BY_KEY -> Encoding.RECORDS;
          case BYTES -> Encoding.RAW;
          default -> throw new IllegalArgumentException("an encoding of another time: " + words[1]);
        };
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
    Kind kind = Kind.valueOf(words[6].toUpperCase(Locale.ROOT));
    return new Place(
        stream,
        encoding,
        words[1].equals(BY_KEY),
        Long.parseUnsignedLong(words[WORDS - 1], 16),
        Long.parseLong(words[2]),
        held,
        kind);
  }
}
