package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where a subject ends, looked at again when nothing comes: its last message may be deleted since,
 * and who waits for it would do so for ever. A leader that was elected a moment ago may only not
 * show it yet.
 *
 * <p>Thread rule: one thread.
 */
final class SubjectEnd {
  /** So long nothing comes before it is looked at. */
  static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** So long a leader may take to show what was there already. */
  static final long CATCH_UP_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Who is asked. */
  @FunctionalInterface
  interface Asked {
    /** The sequence of the subject's last message; 0 when it has none. Blocks. */
    long last() throws PipeException, InterruptedException;
  }

  /** Since when it was said to end before; null for not. */
  private @Nullable Long lessSinceNanos;

  /** Something came. */
  void works() {
    lessSinceNanos = null;
  }

  /**
   * Asks again. Blocks.
   *
   * @param asked who is asked
   * @param wasLast the sequence of the message that is waited for
   * @param isReplicated whether several servers keep the stream
   * @return the sequence of the last one that can come: a smaller one when that is deleted
   */
  long look(Asked asked, long wasLast, boolean isReplicated)
      throws PipeException, InterruptedException {
    long last = asked.last();
    long nowNanos = System.nanoTime();
    Long since = lessSinceNanos;
    if (last >= wasLast) {
      lessSinceNanos = null;
      return wasLast;
    }
    if (isReplicated && (since == null || nowNanos - since < CATCH_UP_NANOS)) {
      lessSinceNanos = since == null ? nowNanos : since;
      return wasLast;
    }
    return last;
  }
}
