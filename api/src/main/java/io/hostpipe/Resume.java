package io.hostpipe;

import org.jspecify.annotations.Nullable;

/**
 * Where a stream goes on: what the sink already holds.
 *
 * @param position all before it is held
 * @param cursor the last of the source's own places that the sink was given; null when it has none
 * @param digest of the stream up to the position; null where the sink cannot tell
 * @param cursorPosition where in the stream the cursor belongs. A break may come inside a batch,
 *     and a cursor belongs to the end of one: then it is below the position, and a source that goes
 *     to the cursor leaves out what it yields in between
 * @param epoch of the last writer whose bytes are held, as {@link Source#epoch} counts; 0 for none
 */
public record Resume(
    long position,
    @Nullable Cursor cursor,
    @Nullable Digest digest,
    long cursorPosition,
    long epoch) {
  /** The start of a stream. */
  public static final Resume START = new Resume(0, null, Digest.EMPTY);

  public Resume {
    if (position < 0) {
      throw new IllegalArgumentException("a position is not negative: " + position);
    }
    if (cursor == null) {
      cursorPosition = position;
    } else if (cursorPosition < 0 || cursorPosition > position) {
      throw new IllegalArgumentException(
          "a cursor belongs to a position from 0 to " + position + ", not to " + cursorPosition);
    }
  }

  /** Of a writer that nobody counts. */
  public Resume(
      long position, @Nullable Cursor cursor, @Nullable Digest digest, long cursorPosition) {
    this(position, cursor, digest, cursorPosition, 0);
  }

  /** With a cursor, if any, for just that position. */
  public Resume(long position, @Nullable Cursor cursor, @Nullable Digest digest) {
    this(position, cursor, digest, position);
  }
}
