package io.hostpipe;

import org.jspecify.annotations.Nullable;

/**
 * Where a stream goes on: what the sink already holds.
 *
 * @param position all before it is held
 * @param cursor the source's own place there, when the sink was given one
 * @param digest of the stream up to the position; null where the sink cannot tell
 */
public record Resume(long position, @Nullable Cursor cursor, @Nullable Digest digest) {
  /** The start of a stream. */
  public static final Resume START = new Resume(0, null, Digest.EMPTY);

  public Resume {
    if (position < 0) {
      throw new IllegalArgumentException("a position is not negative: " + position);
    }
  }
}
