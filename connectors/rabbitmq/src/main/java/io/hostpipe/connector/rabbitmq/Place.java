package io.hostpipe.connector.rabbitmq;

import com.rabbitmq.client.AMQP.BasicProperties;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PlaceWords;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a message belongs in its writer's stream: written into the properties of each, so that a
 * reader knows a message that was published twice.
 *
 * <p>It stands in the property app_id, as long as it fits: a server takes a table of headers apart,
 * which costs it more than a property does.
 *
 * @param stream that the message belongs to
 * @param encoding of the stream
 * @param start the position where the message begins
 * @param end where it ends; the same for the mark of the stream's end
 * @param digest of the whole stream up to the end of the message
 */
record Place(StreamId stream, Encoding encoding, long start, long end, Digest digest) {
  static final String HEADER = "hostpipe-place";

  /** What an app_id begins with that is a place. */
  private static final String OURS = "hostpipe ";

  private static final int APP_ID_BYTES_MAX = 255;

  /** There when a message was sent once more, because its confirmation did not come. */
  static final String AGAIN = "hostpipe-again";

  /** Whether it has no content and says that the stream ends here. */
  boolean isEnd() {
    return start == end;
  }

  /** The same with another beginning. */
  Place from(long otherStart) {
    return new Place(stream, encoding, otherStart, end, digest);
  }

  /** Adds it to the properties of a message; one with a very long name, to its headers. */
  void writeTo(BasicProperties.Builder properties, Map<String, Object> headers) {
    String text = toText();
    if (OURS.length() + text.length() <= APP_ID_BYTES_MAX) {
      properties.appId(OURS + text);
    } else {
      headers.put(HEADER, text);
    }
  }

  /** As text; all of it is ASCII. */
  String toText() {
    return PlaceWords.of(encoding)
        + " "
        + PlaceWords.of(stream)
        + " "
        + start
        + " "
        + end
        + " "
        + PlaceWords.of(digest);
  }

  /** What a message says; null when Hostpipe did not write it, or not as it does today. */
  static @Nullable Place of(BasicProperties properties) {
    String id = properties.getAppId();
    Object header = AmqpHeaders.table(properties).get(HEADER);
    String text =
        id != null && id.startsWith(OURS)
            ? id.substring(OURS.length())
            : header == null ? null : header.toString();
    if (text == null) {
      return null;
    }
    try {
      return parse(text.split(" ", -1));
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      return null;
    }
  }

  private static Place parse(String[] words) {
    Place place =
        new Place(
            PlaceWords.stream(words[1]),
            PlaceWords.encoding(words[0]),
            Long.parseLong(words[2]),
            Long.parseLong(words[3]),
            PlaceWords.digest(words[4]));
    if (place.start < 0 || place.end < place.start) {
      throw new IllegalArgumentException("no place: " + place);
    }
    return place;
  }
}
