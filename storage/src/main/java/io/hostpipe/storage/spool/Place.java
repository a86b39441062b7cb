package io.hostpipe.storage.spool;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Resume;
import org.jspecify.annotations.Nullable;

/**
 * A point of a stream and all that a sink has to know there.
 *
 * @param position all before it is held
 * @param digest of that
 * @param cursor the source's newest place at or before it
 * @param cursorPosition where that cursor belongs; the position when there is none
 * @param epoch of the newest writer
 * @param finished whether the stream ends there
 */
record Place(
    long position,
    Digest digest,
    @Nullable Cursor cursor,
    long cursorPosition,
    long epoch,
    boolean finished) {
  static final Place START = new Place(0, Digest.EMPTY, null, 0, 0, false);

  Resume toResume() {
    return new Resume(position, cursor, digest, cursorPosition, epoch);
  }

  /** The place behind these bytes. */
  Place behind(int lengthBytes, Digest newDigest, @Nullable Cursor newCursor) {
    long end = position + lengthBytes;
    if (newCursor != null) {
      return new Place(end, newDigest, newCursor, end, epoch, finished);
    }
    return new Place(
        end, newDigest, cursor, cursor == null ? end : cursorPosition, epoch, finished);
  }

  Place withEpoch(long newEpoch) {
    return new Place(position, digest, cursor, cursorPosition, newEpoch, finished);
  }

  Place withEnd() {
    return new Place(position, digest, cursor, cursorPosition, epoch, true);
  }
}
