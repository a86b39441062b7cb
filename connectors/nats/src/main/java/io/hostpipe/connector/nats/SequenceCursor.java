package io.hostpipe.connector.nats;

import io.hostpipe.Cursor;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.nats.client.api.StreamInfo;

/**
 * A place in a stream of JetStream.
 *
 * @param sequence of the last message before the place; 0 at the beginning
 * @param createdMillis when the stream was made: one that was deleted and made again has the same
 *     numbers for other messages
 * @param stream its name
 */
record SequenceCursor(long sequence, long createdMillis, String stream) {
  private static final String FORM = "jetstream";

  static SequenceCursor of(Cursor cursor) throws PipeException {
    String[] words = cursor.text().split(" ", -1);
    try {
      if (words.length == 4 && words[0].equals(FORM)) {
        return new SequenceCursor(Long.parseLong(words[1]), Long.parseLong(words[2]), words[3]);
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new PipeException.Refused(
        Status.FAILED_PRECONDITION,
        "the sink has kept a place that is none of JetStream's: "
            + cursor.text()
            + "; its stream came from another source");
  }

  /** The place behind a message of this stream. */
  static SequenceCursor in(StreamInfo stream, long sequence) {
    return new SequenceCursor(
        sequence,
        stream.getCreateTime().toInstant().toEpochMilli(),
        stream.getConfiguration().getName());
  }

  Cursor toCursor() {
    return Cursor.of(FORM + " " + sequence + " " + createdMillis + " " + stream);
  }

  /** Whether it belongs to this stream, as it is now. */
  boolean isIn(StreamInfo info) {
    return stream.equals(info.getConfiguration().getName())
        && createdMillis == info.getCreateTime().toInstant().toEpochMilli();
  }
}
