package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Encoding;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PlaceWords;
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
    StringBuilder text = new StringBuilder(96);
    text.append(PlaceWords.of(encoding))
        .append(' ')
        .append(PlaceWords.of(stream))
        .append(' ')
        .append(follows)
        .append(' ')
        .append(held.position())
        .append(' ')
        .append(PlaceWords.digestOf(held))
        .append(' ')
        .append(held.epoch())
        .append(' ')
        .append(end ? END : MORE);
    PlaceWords.appendCursor(text, held);
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
    return new StreamPlace(
        PlaceWords.stream(words[1]),
        PlaceWords.encoding(words[0]),
        Long.parseLong(words[2]),
        PlaceWords.held(words[3], words[4], words[5], words, WORDS),
        words[6].equals(END));
  }
}
