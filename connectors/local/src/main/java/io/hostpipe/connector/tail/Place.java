package io.hostpipe.connector.tail;

import io.hostpipe.Cursor;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a reader is: in which file, how far, and how that file looks up to there. It travels as the
 * cursor of a stream.
 *
 * @param inode of the file
 * @param device of the inode
 * @param offset of the next byte
 * @param print of what lies before it
 * @param inCopy whether the file is a copy: where it ends, the one that was truncated goes on
 */
record Place(long inode, long device, long offset, Fingerprint print, boolean inCopy) {
  private static final String MARK = "tail1";
  private static final String COPY = "copy";
  private static final int FIELD_COUNT = 7;
  private static final int HEXADECIMAL = 16;

  /** The place as a cursor: at most 100 bytes of text. */
  Cursor toCursor() {
    List<String> fields = new ArrayList<>();
    fields.add(MARK);
    fields.add(Long.toString(inode));
    fields.add(Long.toString(device));
    fields.add(Long.toString(offset));
    fields.add(Integer.toString(print.headBytes()));
    fields.add(Integer.toHexString(print.headCrc()));
    fields.add(Integer.toHexString(print.tailCrc()));
    if (inCopy) {
      fields.add(COPY);
    }
    return Cursor.of(String.join(" ", fields));
  }

  /** Reads a cursor back. */
  static Place of(Cursor cursor) throws PipeException {
    String[] fields = cursor.text().split(" ", -1);
    try {
      boolean inCopy = fields.length == FIELD_COUNT + 1 && fields[FIELD_COUNT].equals(COPY);
      if ((fields.length == FIELD_COUNT || inCopy) && fields[0].equals(MARK)) {
        return new Place(
            Long.parseLong(fields[1]),
            Long.parseLong(fields[2]),
            Long.parseLong(fields[3]),
            new Fingerprint(
                Integer.parseInt(fields[4]),
                Integer.parseUnsignedInt(fields[5], HEXADECIMAL),
                Integer.parseUnsignedInt(fields[6], HEXADECIMAL)),
            inCopy);
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new PipeException.Refused(
        Status.FAILED_PRECONDITION,
        "the place that was kept for this stream was not written by tail: '"
            + printable(cursor.text())
            + "'; give the stream a sink of its own");
  }

  private static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }
}
