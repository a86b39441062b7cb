package io.hostpipe.connector.kafka;

import io.hostpipe.Encoding;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PlaceWords;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
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
    StringBuilder text = new StringBuilder(128);
    text.append(PlaceWords.of(stream))
        .append(' ')
        .append(byKey ? BY_KEY : PlaceWords.of(encoding))
        .append(' ')
        .append(follows)
        .append(' ')
        .append(held.position())
        .append(' ')
        .append(PlaceWords.digestOf(held))
        .append(' ')
        .append(held.epoch())
        .append(' ')
        .append(kind.name().toLowerCase(Locale.ROOT))
        .append(' ')
        .append(Long.toHexString(writer));
    PlaceWords.appendCursor(text, held);
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
    boolean byKey = words[1].equals(BY_KEY);
    return new Place(
        PlaceWords.stream(words[0]),
        byKey ? Encoding.RECORDS : PlaceWords.encoding(words[1]),
        byKey,
        Long.parseUnsignedLong(words[WORDS - 1], 16),
        Long.parseLong(words[2]),
        PlaceWords.held(words[3], words[4], words[5], words, WORDS),
        Kind.valueOf(words[6].toUpperCase(Locale.ROOT)));
  }
}
