package io.hostpipe.connector.kafka;

import io.hostpipe.Cursor;
import io.hostpipe.PipeException;
import io.hostpipe.Status;

/**
 * A place in a partition.
 *
 * @param topicId of the topic: one that was deleted and made again has the same offsets for other
 *     messages
 * @param offset of the next message
 */
record OffsetCursor(String topicId, int partition, long offset) {
  private static final String FORM = "kafka";

  static OffsetCursor of(Cursor cursor) throws PipeException {
    String[] words = cursor.text().split(" ", -1);
    try {
      if (words.length == 4 && words[0].equals(FORM)) {
        return new OffsetCursor(words[1], Integer.parseInt(words[2]), Long.parseLong(words[3]));
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new PipeException.Refused(
        Status.FAILED_PRECONDITION,
        "the sink has kept a place that is none of Kafka's: "
            + cursor.text()
            + "; its stream came from another source");
  }

  Cursor toCursor() {
    return Cursor.of(FORM + " " + topicId + " " + partition + " " + offset);
  }

  /** The place behind so many messages of the same partition. */
  OffsetCursor at(long newOffset) {
    return new OffsetCursor(topicId, partition, newOffset);
  }
}
