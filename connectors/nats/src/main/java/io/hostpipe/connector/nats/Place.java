package io.hostpipe.connector.nats;

import io.hostpipe.Encoding;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PlaceWords;
import io.nats.client.impl.Headers;
import org.jspecify.annotations.Nullable;

/**
 * How far a stream had got with one message: written into the headers of each, so that the last
 * message of a subject says where its stream goes on. Position and content are stored in one step,
 * because they are one message.
 *
 * @param stream that the message belongs to
 * @param encoding of the stream
 * @param follows the position behind the message before this one in the same stream: what lies
 *     between the two was refused. 0 for the first
 * @param held position, digest, cursor and epoch behind the message
 * @param end whether the message has no content and says that the stream ends here
 */
record Place(StreamId stream, Encoding encoding, long follows, Resume held, boolean end) {
  /** What JetStream recognizes a second copy by. */
  static final String MESSAGE_ID = "Nats-Msg-Id";

  /** All that is not in the id. */
  static final String HEADER = "Hostpipe-Place";

  private static final String END = "end";

  /**
   * The id of the message: the same for every try at it, and another one for a message with other
   * content before it, so that two writers of one stream can never stand in for each other.
   */
  String messageId() {
    return PlaceWords.of(stream)
        + ":"
        + held.position()
        + ":"
        + PlaceWords.digestOf(held)
        + (end ? ":" + END : "");
  }

  /** The same behind another message. */
  Place following(long position) {
    return new Place(stream, encoding, position, held, end);
  }

  /** Adds the header for all that is not in the id. */
  void writeTo(Headers headers) {
    StringBuilder text = new StringBuilder(64);
    text.append(PlaceWords.of(encoding))
        .append(' ')
        .append(follows)
        .append(' ')
        .append(held.epoch());
    PlaceWords.appendCursor(text, held);
    headers.put(HEADER, text.toString());
  }

  /** What a message says; null when Hostpipe did not write it, or not as it does today. */
  static @Nullable Place of(@Nullable Headers headers) {
    String id = headers == null ? null : headers.getFirst(MESSAGE_ID);
    String text = headers == null ? null : headers.getFirst(HEADER);
    if (id == null || text == null) {
      return null;
    }
    try {
      return parse(id.split(":", -1), text.split(" ", -1));
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      return null;
    }
  }

  private static Place parse(String[] id, String[] words) {
    return new Place(
        PlaceWords.stream(id[0]),
        PlaceWords.encoding(words[0]),
        Long.parseLong(words[1]),
        PlaceWords.held(id[1], id[2], words[2], words, 3),
        id.length > 3 && id[3].equals(END));
  }
}
