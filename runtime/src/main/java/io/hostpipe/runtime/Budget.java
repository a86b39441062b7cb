package io.hostpipe.runtime;

import io.hostpipe.session.CreditBudget;
import java.util.concurrent.atomic.AtomicLong;

/** What all sessions of this process may promise to buffer together. Thread rule: any thread. */
final class Budget implements CreditBudget {
  /** One for the process. */
  static final Budget SHARED = new Budget(1L << 30);

  private final long bytesMax;
  private final AtomicLong reservedBytes = new AtomicLong();

  Budget(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  @Override
  public boolean tryReserve(long bytes) {
    if (reservedBytes.addAndGet(bytes) <= bytesMax) {
      return true;
    }
    reservedBytes.addAndGet(-bytes);
    return false;
  }

  /** What is promised at this moment; tests use it to find what was not given back. */
  long reservedBytes() {
    return reservedBytes.get();
  }

  @Override
  public void release(long bytes) {
    reservedBytes.addAndGet(-bytes);
  }
}
