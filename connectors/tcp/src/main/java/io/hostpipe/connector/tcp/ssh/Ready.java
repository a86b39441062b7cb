package io.hostpipe.connector.tcp.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The line behind which the session begins. Login shells print greetings; all before it is theirs.
 */
final class Ready {
  private static final byte[] LINE =
      "\nhostpipe: the session begins\n".getBytes(StandardCharsets.US_ASCII);

  /** A shell that greets at more length than this does something else. */
  private static final int GREETING_BYTES_MAX = 64 << 10;

  private Ready() {}

  static ByteBuffer bytes() {
    return ByteBuffer.wrap(LINE);
  }

  /**
   * Reads up to the line's end, and not further.
   *
   * @return false when the stream ended before it, or it did not come within reason
   */
  static boolean await(InputStream in) throws IOException {
    int matched = 0;
    for (int count = 0; count < GREETING_BYTES_MAX; count++) {
      int b = in.read();
      if (b < 0) {
        return false;
      }
      if (b == LINE[matched]) {
        matched++;
      } else {
        matched = b == LINE[0] ? 1 : 0; // nothing but its first byte begins the line again
      }
      if (matched == LINE.length) {
        return true;
      }
    }
    return false;
  }
}
