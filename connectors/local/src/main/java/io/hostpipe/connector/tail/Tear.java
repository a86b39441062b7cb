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
 *
 * <p>The second line ends where a page does, and what its program writes next ends with a line
 * whenever no write is under way. A write that is under way shows again a length of whole pages,
 * for as long as its program waits for a processor or a disk; how often that length is seen says
 * nothing. So a length of whole pages counts once, and several of them are no writes that were
 * under way at just those moments. Where nothing is written any more, time decides.
 *
 * <p>Thread rule: one thread.
 */
final class Tear {
  /** Between two looks at the end of the truncated file. */
  static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** A file that did not grow for so long is not in the middle of a write. */
  static final long STILL_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** So many different lengths, none of which shows a writer of lines, are those of a buffer. */
  static final int LENGTHS = 8;

  /** The least page; larger ones are multiples of it. */
  private static final int PAGE_BYTES = 4096;

  private long lastLengthBytes;
  private int lengths;
  private long sinceNanos;

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
   * Judges a line by what its program wrote next.
   *
   * @param cutAt the offset at which its beginning ends
   * @param next the file behind it
   */
  Verdict judge(long cutAt, Followed next, long nowNanos) throws IOException {
    if (cutAt % PAGE_BYTES != 0) {
      return Verdict.GOES_ON;
    }
    long lengthBytes = next.lengthBytes();
    if (lengthBytes == 0) {
      return Verdict.LOOK_AGAIN;
    }
    boolean endsALine = next.endsALine(lengthBytes);
    if (endsALine && lengthBytes % PAGE_BYTES != 0) {
      return Verdict.TORN;
    }
    if (lengthBytes != lastLengthBytes) {
      lastLengthBytes = lengthBytes;
      lengths++;
      sinceNanos = nowNanos;
    }
    if (lengths >= LENGTHS) {
      return Verdict.GOES_ON;
    }
    if (nowNanos - sinceNanos < STILL_NANOS) {
      return Verdict.LOOK_AGAIN;
    }
    return endsALine ? Verdict.TORN : Verdict.GOES_ON;
  }

  /** How long until the next look: a first write is heard of. */
  long dueNanos() {
    return lengths > 0 ? LOOK_NANOS : Long.MAX_VALUE;
  }
}
