package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.StreamId;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a message belongs in its writer's stream: written into the headers of each, so that a
 * reader knows a message that was published twice.
 *
 * @param stream that the message belongs to
 * @param encoding of the stream
 * @param start the position where the message begins
 * @param end where it ends; the same for the mark of the stream's end
 * @param digest of the whole stream up to the end of the message
 */
record Place(StreamId stream, Encoding encoding, long start, long end, Digest digest) {
  static final String HEADER = "hostpipe-place";

  /** There when a message was sent once more, because its confirmation did not come. */
  static final String AGAIN = "hostpipe-again";

  private static final String RECORDS = "records";
  private static final String BYTES = "bytes";

  /** Whether it has no content and says that the stream ends here. */
  boolean isEnd() {
    return start == end;
  }

  /** As text for the header. */
  String toText() {
    return (encoding == Encoding.RECORDS ? RECORDS : BYTES)
        + " "
        + URLEncoder.encode(stream.value(), StandardCharsets.UTF_8)
        + " "
        + start
        + " "
        + end
        + " "
        + HexFormat.of().toHexDigits(digest.toLong());
  }

  /** What a message says; null when Hostpipe did not write it, or not as it does today. */
  static @Nullable Place of(@Nullable Map<String, Object> headers) {
    Object text = headers == null ? null : headers.get(HEADER);
    if (text == null) {
      return null;
    }
    try {
      return parse(text.toString().split(" ", -1));
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      return null;
    }
  }

  private static Place parse(String[] words) {
    Encoding encoding =
        switch (words[0]) {
          case RECORDS -> Encoding.RECORDS;
          case BYTES -> Encoding.RAW;
          default -> throw new IllegalArgumentException("an encoding of another time: " + words[0]);
        };
    Place place =
        new Place(
            new StreamId(URLDecoder.decode(words[1], StandardCharsets.UTF_8)),
            encoding,
            Long.parseLong(words[2]),
            Long.parseLong(words[3]),
            Digest.fromLong(HexFormat.fromHexDigitsToLong(words[4])));
    if (place.start < 0 || place.end < place.start) {
      throw new IllegalArgumentException("no place: " + place);
    }
    return place;
  }
}
