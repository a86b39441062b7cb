package io.hostpipe.connector.websocket;

import io.hostpipe.runtime.Link;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The head of an HTTP/1.1 request or answer.
 *
 * @param startLine the first line
 * @param fields by their names in lower case; those of one name joined by commas
 * @param rest what came behind it
 */
record HttpHead(String startLine, Map<String, String> fields, ByteBuffer rest) {
  /** Beyond that it is refused. */
  static final int BYTES_MAX = 16 << 10;

  private static final int FIELD_COUNT_MAX = 100;
  private static final int BEGIN_BYTES = 12;

  /** Looks at the first bytes, before more is waited for. */
  interface FirstBytes {
    /** Throws when they are not what is spoken here. */
    void check(ByteBuffer first) throws IOException;
  }

  /**
   * Reads one. Blocks.
   *
   * @throws HttpException when it is none
   * @throws IOException when the connection broke
   */
  static HttpHead read(Link carrier, FirstBytes firstBytes) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(BYTES_MAX);
    ByteBuffer[] targets = {in};
    boolean checked = false;
    int end = -1;
    while (end < 0) {
      if (!in.hasRemaining()) {
        throw new HttpException(431, "a head of more than " + BYTES_MAX + " bytes");
      }
      int from = Math.max(0, in.position() - 3);
      if (carrier.read(targets) < 0) {
        throw new EOFException(
            carrier.peer()
                + " ended the connection "
                + (checked ? "inside" : "before")
                + " a head of HTTP");
      }
      if (!checked && in.position() >= BEGIN_BYTES) {
        firstBytes.check(in.duplicate().flip());
        checked = true;
      }
      end = endOf(in, from);
    }
    if (!checked) {
      firstBytes.check(in.duplicate().flip());
    }
    String text = StandardCharsets.ISO_8859_1.decode(in.slice(0, end)).toString();
    return parse(text, in.flip().position(end + 4));
  }

  /** Where the empty line begins behind which the head is over; negative when it is not here. */
  private static int endOf(ByteBuffer in, int from) {
    for (int index = from; index + 4 <= in.position(); index++) {
      if (in.getInt(index) == 0x0D0A_0D0A) {
        return index;
      }
    }
    return -1;
  }

  private static HttpHead parse(String text, ByteBuffer rest) throws HttpException {
    String[] lines = text.split("\r\n", -1);
    if (lines.length > FIELD_COUNT_MAX) {
      throw new HttpException(431, "more than " + FIELD_COUNT_MAX + " header fields");
    }
    Map<String, String> fields = new HashMap<>();
    for (int index = 1; index < lines.length; index++) {
      int colon = lines[index].indexOf(':');
      if (colon <= 0 || !isToken(lines[index].substring(0, colon))) {
        throw new HttpException(400, "a header field that is none: '" + shown(lines[index]) + "'");
      }
      String name = lines[index].substring(0, colon).toLowerCase(Locale.ROOT);
      fields.merge(name, lines[index].substring(colon + 1).strip(), (one, two) -> one + ", " + two);
    }
    return new HttpHead(lines[0], fields, rest);
  }

  /** The value of a field; null when it is not there. */
  @Nullable String field(String name) {
    return fields.get(name);
  }

  /** Whether a field with a list holds this word, whatever its case. */
  boolean lists(String name, String word) {
    String list = fields.get(name);
    return list != null
        && Arrays.stream(list.split(",", -1)).anyMatch(each -> each.strip().equalsIgnoreCase(word));
  }

  /** Text of a stranger, as it may be shown. */
  static String shown(String text) {
    String clean = text.replaceAll("[^\\x20-\\x7E]", ".");
    return clean.length() <= 60 ? clean : clean.substring(0, 60) + "…";
  }

  private static boolean isToken(String name) {
    return name.chars().allMatch(c -> c > 0x20 && c < 0x7F && "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0);
  }
}
