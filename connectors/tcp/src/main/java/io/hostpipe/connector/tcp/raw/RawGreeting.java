package io.hostpipe.connector.tcp.raw;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.Greetings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Finds out that a Hostpipe with a session is at the other end of a raw connection. */
final class RawGreeting {
  private RawGreeting() {}

  /**
   * Looks at the first bytes that came. A session that dialed is told in plain words, which it
   * shows.
   *
   * @param listens whether the peer dialed
   * @throws PipeException.Refused when they are a session's
   */
  static void check(ByteBuffer first, RawConnection connection, boolean listens)
      throws PipeException, InterruptedException {
    if (!Greetings.isSession(first)) {
      return;
    }
    String scheme = connection.where().substring(0, connection.where().indexOf(':'));
    String session = scheme.substring("raw+".length());
    if (listens) {
      tell(connection, scheme + " here");
    }
    throw new PipeException.Refused(
        Status.FAILED_PRECONDITION,
        connection.where()
            + ": the other end is a Hostpipe that speaks its session; take "
            + session
            + ":// on this side, or "
            + (listens ? scheme.replace("-listen", "") : scheme + "-listen")
            + ":// on the other");
  }

  private static void tell(RawConnection connection, String text)
      throws PipeException, InterruptedException {
    try {
      connection.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      // It has hung up, and needs no words any more.
    }
  }
}
