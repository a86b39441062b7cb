package io.hostpipe.connector.tail;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * What became of a line in the middle of which a copy ends that was made for a truncation.
 *
 * <p>There are two such lines. A program that writes through a buffer cuts its lines anywhere: the
 * rest comes with its next write, which is the first in the truncated file. Of a program that
 * writes whole lines, a copy may have seen the first pages of a write that was under way: file
 * systems show a write to readers page by page. Its rest came before the truncation, and is gone.
 * The second line ends where a page does, and its file ends with a line whenever its program is not
 * at work. The first one's seldom does.
 */
final class Tear {
  /** Between two looks at the end of the truncated file. */
  static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** The least page; larger ones are multiples of it. */
  private static final int PAGE_BYTES = 4096;

  /** As many ends inside of a line are no writes that were under way at just these moments. */
  private static final int LOOKS_MAX = 3;

  private Tear() {}

  /** What was found out. */
  enum Verdict {
    /** The truncated file goes on with the line. */
    GOES_ON,
    /** The rest of the line is nowhere. */
    TORN,
    /** It cannot be told yet. */
    LOOK_AGAIN
  }

  /**
   * Judges a line by the file that comes behind it.
   *
   * @param cutAt the offset at which its beginning ends
   * @param looks how often the file behind it was seen not to end with a line
   */
  static Verdict judge(long cutAt, Followed next, int looks) throws IOException {
    if (cutAt % PAGE_BYTES != 0) {
      return Verdict.GOES_ON;
    }
    if (next.endsALine()) {
      return Verdict.TORN;
    }
    return looks < LOOKS_MAX || next.lengthBytes() == 0 ? Verdict.LOOK_AGAIN : Verdict.GOES_ON;
  }
}
