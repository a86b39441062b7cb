package io.hostpipe.connector.tail;

import io.hostpipe.Cursor;
import io.hostpipe.PipeException;
import io.hostpipe.Status;

/**
 * Where a reader is: in which file, how far, and how that file looks up to there. It travels as the
 * cursor of a stream.
 *
 * @param inode of the file
 * @param device of the inode
 * @param offset of the next byte
 * @param print of what lies before it
 */
record Place(long inode, long device, long offset, Fingerprint print) {
  private static final String MARK = "tail1";
  private static final int FIELD_COUNT = 7;
  private static final int HEXADECIMAL = 16;

  /** The place as a cursor: at most 100 bytes of text. */
  Cursor toCursor() {
    return Cursor.of(
        String.join(
            " ",
            MARK,
            Long.toString(inode),
            Long.toString(device),
            Long.toString(offset),
            Integer.toString(print.headBytes()),
            Integer.toHexString(print.headCrc()),
            Integer.toHexString(print.tailCrc())));
  }

  /** Reads a cursor back. */
  static Place of(Cursor cursor) throws PipeException {
    String[] fields = cursor.text().split(" ", -1);
    try {
      if (fields.length == FIELD_COUNT && fields[0].equals(MARK)) {
        return new Place(
            Long.parseLong(fields[1]),
            Long.parseLong(fields[2]),
            Long.parseLong(fields[3]),
            new Fingerprint(
                Integer.parseInt(fields[4]),
                Integer.parseUnsignedInt(fields[5], HEXADECIMAL),
                Integer.parseUnsignedInt(fields[6], HEXADECIMAL)));
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
