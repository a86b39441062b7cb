package io.hostpipe.spi;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Framing;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * A place between two messages of a framed stream: the same place counted in records and in the
 * bytes below them.
 *
 * <p>As a cursor: a kind, the CRC-32C of the framing's name (positions of one framing mean nothing
 * in another), the position in records, the position, digest and cursor of the bytes.
 *
 * @param position in records
 * @param inner the place in the bytes
 */
record FramedCursor(long position, Resume inner) {
  static final FramedCursor START = new FramedCursor(0, Resume.START);

  private static final byte KIND = 'f';
  private static final int HEAD_BYTES = 1 + Integer.BYTES + 4 * Long.BYTES + 1;

  private static final int HAS_DIGEST = 1;
  private static final int HAS_CURSOR = 2;

  /**
   * As it travels.
   *
   * @throws IllegalArgumentException when the inner cursor leaves no room
   */
  Cursor write(Framing framing, StreamId stream) {
    Cursor cursor = inner.cursor();
    byte[] own = cursor == null ? new byte[0] : cursor.bytes();
    if (HEAD_BYTES + own.length > Cursor.LENGTH_BYTES_MAX) {
      throw new IllegalArgumentException(
          "the cursor of "
              + stream
              + " has "
              + own.length
              + " bytes, and below a framing at most "
              + (Cursor.LENGTH_BYTES_MAX - HEAD_BYTES));
    }
    Digest digest = inner.digest();
    int flags = (digest == null ? 0 : HAS_DIGEST) | (cursor == null ? 0 : HAS_CURSOR);
    ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES + own.length);
    out.put(KIND).putInt(nameOf(framing)).putLong(position).putLong(inner.position());
    out.put((byte) flags).putLong(digest == null ? 0 : digest.toLong());
    out.putLong(inner.cursorPosition()).put(own);
    return Cursor.of(out.array());
  }

  /** Reads what {@link #write} wrote. */
  static FramedCursor read(Cursor cursor, Framing framing, StreamId stream) throws PipeException {
    ByteBuffer in = ByteBuffer.wrap(cursor.bytes());
    try {
      if (in.get() == KIND) {
        if (in.getInt() != nameOf(framing)) {
          throw new PipeException.Refused(
              Status.FAILED_PRECONDITION,
              stream
                  + " was framed in another way than as '"
                  + framing
                  + "' when the sink got what it holds; give the same framing, or begin anew with"
                  + " an empty sink");
        }
        long position = in.getLong();
        long innerPosition = in.getLong();
        int flags = in.get();
        long digest = in.getLong();
        long cursorPosition = in.getLong();
        byte[] own = new byte[in.remaining()];
        in.get(own);
        return new FramedCursor(
            position,
            new Resume(
                innerPosition,
                (flags & HAS_CURSOR) == 0 ? null : Cursor.of(own),
                (flags & HAS_DIGEST) == 0 ? null : Digest.fromLong(digest),
                cursorPosition));
      }
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      // Told below.
    }
    throw new PipeException.Refused(
        Status.FAILED_PRECONDITION,
        "the sink's place in " + stream + " was not given by a stream of framed messages");
  }

  static int nameOf(Framing framing) {
    CRC32C crc = new CRC32C();
    crc.update(framing.toString().getBytes(StandardCharsets.UTF_8));
    return (int) crc.getValue();
  }
}
