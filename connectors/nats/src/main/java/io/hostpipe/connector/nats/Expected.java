package io.hostpipe.connector.nats;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * What is expected under numbers that follow one another, of which the newest few may be open: each
 * is taken once, and a number that was taken or is far behind gives nothing.
 *
 * <p>Thread rule: one thread adds at a time, any takes.
 *
 * @param <T> what is expected
 */
final class Expected<T> {
  private final AtomicReferenceArray<@Nullable Entry<T>> open;
  private long next;

  /**
   * Nothing is expected yet.
   *
   * @param openMax how many may be open at a time
   */
  Expected(int openMax) {
    this.open = new AtomicReferenceArray<>(Integer.highestOneBit(Math.max(1, openMax - 1)) << 1);
  }

  /** Expects something further, and gives it the next number. */
  long add(T what) {
    long number = next++;
    open.set(slot(number), new Entry<>(number, what));
    return number;
  }

  /** What was expected under this number, the first time. */
  @Nullable T take(long number) {
    int slot = slot(number);
    Entry<T> entry = open.get(slot);
    return entry != null && entry.number == number && open.compareAndSet(slot, entry, null)
        ? entry.what
        : null;
  }

  private int slot(long number) {
    return (int) (number & (open.length() - 1));
  }

  private record Entry<T>(long number, T what) {}
}
