package io.hostpipe.runtime;

import io.hostpipe.runtime.access.Principal;
import io.hostpipe.runtime.access.Quota;
import io.hostpipe.runtime.flow.Rate;
import io.hostpipe.runtime.flow.TokenBucket;
import io.hostpipe.session.Code;
import io.hostpipe.session.CreditBudget;
import io.hostpipe.session.SessionFailure;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What each principal has of one place that listens, and all of them together.
 *
 * <p>A pipe takes its first window when it is made, or is not made. Windows grow only as long as a
 * quarter of the place is free: so those who are there leave room for those who come.
 *
 * <p>Thread rule: any thread.
 */
final class Shares {
  private final long bytesMax;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Share> shares = new HashMap<>();
  private long bytes;

  Shares(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  /** One more pipe of this principal. */
  Opened open(Principal principal, long firstBytes) {
    lock.lock();
    try {
      Share share = shares.computeIfAbsent(principal.name(), key -> new Share(principal.quota()));
      share.renew(principal.quota());
      String full = null;
      if (share.pipeCount >= share.quota.pipesMax()) {
        full = " has its " + share.quota.pipesMax() + " pipes already";
      } else if (share.bytes + firstBytes > share.quota.bytesMax()) {
        full = " has its " + share.quota.bytesMax() + " bytes under way already";
      } else if (bytes + firstBytes > bytesMax) {
        full = " came when all " + bytesMax + " bytes (budget=) were under way";
      }
      if (full == null) {
        share.pipeCount++;
        share.bytes += firstBytes;
        bytes += firstBytes;
        return new Opened(share, firstBytes, null);
      }
      removeIfUnused(principal.name(), share);
      return new Opened(
          null, 0, new SessionFailure(Code.RESOURCE_EXHAUSTED, principal.name() + full, false));
    } finally {
      lock.unlock();
    }
  }

  /** A pipe that was opened is over. */
  void close(Principal principal, Opened opened) {
    Share share = opened.share;
    lock.lock();
    try {
      if (share != null) {
        share.pipeCount--;
        share.bytes -= opened.firstBytes;
        bytes -= opened.firstBytes;
        removeIfUnused(principal.name(), share);
      }
    } finally {
      lock.unlock();
    }
  }

  /** What is promised at this moment; tests use it to find what was not given back. */
  long reservedBytes() {
    lock.lock();
    try {
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  private void removeIfUnused(String name, Share share) {
    if (share.pipeCount == 0) {
      shares.remove(name, share);
    }
  }

  /**
   * Whether a pipe may be made.
   *
   * @param share whose windows it draws on; null when it may not
   * @param refusal why it may not
   */
  record Opened(@Nullable Share share, long firstBytes, @Nullable SessionFailure refusal) {}

  /** The part of one principal: the budget of its windows, and its pace. */
  final class Share implements CreditBudget {
    private Quota quota;
    private volatile @Nullable TokenBucket bucket;
    private int pipeCount;
    private long bytes;

    private Share(Quota quota) {
      this.quota = quota;
      this.bucket = bucketOf(quota);
    }

    /** What holds from now on; the pipes that are open keep the pace that they were opened with. */
    private void renew(Quota now) {
      if (!Objects.equals(now.rate(), quota.rate())) {
        bucket = bucketOf(now);
      }
      quota = now;
    }

    private static @Nullable TokenBucket bucketOf(Quota quota) {
      Rate rate = quota.rate();
      return rate == null ? null : new TokenBucket(rate, Ticker.now());
    }

    /** What all its pipes draw on; null where it may be as fast as it can. */
    @Nullable TokenBucket bucket() {
      return bucket;
    }

    @Override
    public boolean tryReserve(long wanted) {
      lock.lock();
      try {
        if (bytes + wanted > quota.bytesMax()
            || Shares.this.bytes + wanted > bytesMax - bytesMax / 4
            || !Budget.SHARED.tryReserve(wanted)) {
          return false;
        }
        bytes += wanted;
        Shares.this.bytes += wanted;
        return true;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void release(long given) {
      lock.lock();
      try {
        bytes -= given;
        Shares.this.bytes -= given;
      } finally {
        lock.unlock();
      }
      Budget.SHARED.release(given);
    }
  }
}
