package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Cursor;
import io.hostpipe.PipeException;
import io.hostpipe.Status;

/**
 * A place in a stream of RabbitMQ.
 *
 * @param offset of the last message before the place; -1 at the beginning of an empty stream
 * @param timeMillis when that was written: a stream that was deleted and made again has the same
 *     offsets for other messages
 */
record StreamCursor(long offset, long timeMillis) {
  private static final String FORM = "rabbitmq-stream";

  static StreamCursor of(Cursor cursor) throws PipeException {
    String[] words = cursor.text().split(" ", -1);
    try {
      if (words.length == 3 && words[0].equals(FORM)) {
        return new StreamCursor(Long.parseLong(words[1]), Long.parseLong(words[2]));
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new PipeException.Refused(
        Status.FAILED_PRECONDITION,
        "the sink has kept a place that is none of a stream of RabbitMQ: "
            + cursor.text()
            + "; its stream came from another source");
  }

  Cursor toCursor() {
    return Cursor.of(FORM + " " + offset + " " + timeMillis);
  }
}
