package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * How often and how long a broker that is away is tried again: exponential backoff with full
 * jitter, within the limits of the pipe. One that answers and has no room is given the whole pause
 * each time: nobody comes back together with others there, and room is seldom made at once.
 *
 * <p>A connection that breaks soon and brought the stream no further ends no row of tries: whatever
 * breaks each of them, at once, is given up at last.
 *
 * <p>Thread rule: one thread; {@link #stop} from any.
 */
public final class Attempts {
  /** What is tried. */
  @FunctionalInterface
  public interface Try<T> {
    /** May block. */
    T make() throws PipeException, InterruptedException;
  }

  private final RetryPolicy policy;
  private final PipeEvents events;
  private final String peer;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private long awayNanos;
  private long boundNanos;
  private int triesInARow;

  /** The row of tries that the present connection ended; none when it has 0 of them. */
  private long awayBeforeNanos;

  private long boundBeforeNanos;
  private int triesBefore;

  /** When that connection was made, and where the stream was. */
  private long stoodNanos;

  private long stoodAt;
  private long position;

  /**
   * None was made yet.
   *
   * @param peer who is tried, in the words of the user
   */
  public Attempts(PipeContext context, Address peer) {
    this.policy = context.retry();
    this.events = context.events();
    this.peer = peer.toString();
    this.boundNanos = policy.firstDelay().toNanos();
  }

  /**
   * A connection stands.
   *
   * @param nowAt from where the stream goes on
   */
  public void succeeded(long nowAt) {
    position = nowAt;
    if (triesInARow > 0) {
      events.linkUp(peer, nowAt);
      awayBeforeNanos = awayNanos;
      boundBeforeNanos = boundNanos;
      triesBefore = triesInARow;
      stoodNanos = System.nanoTime();
      stoodAt = nowAt;
    }
    triesInARow = 0;
    boundNanos = policy.firstDelay().toNanos();
  }

  /**
   * Waits before the next try.
   *
   * @param why the last one failed
   * @throws PipeException that very failure, when it was the last or another try would be the same
   */
  public void pauseAfter(PipeException why) throws PipeException, InterruptedException {
    long nowNanos = System.nanoTime();
    if (triesInARow == 0) {
      awayNanos = nowNanos;
      if (triesBefore > 0 && cameToNothing(nowNanos)) {
        awayNanos = awayBeforeNanos;
        boundNanos = boundBeforeNanos;
        triesInARow = triesBefore;
      }
      triesBefore = 0;
    }
    triesInARow++;
    boolean late = nowNanos - awayNanos >= policy.giveUp().toNanos();
    if (!why.status().retryable() || late || triesInARow > policy.retryMax()) {
      throw why;
    }
    boolean isFull = why.status() == Status.RESOURCE_EXHAUSTED;
    long delayNanos = isFull ? boundNanos : ThreadLocalRandom.current().nextLong(boundNanos + 1);
    boundNanos = Math.min(boundNanos * 2, policy.longestDelay().toNanos());
    events.linkDown(peer, reason(why), Duration.ofNanos(delayNanos));
    if (stopped.await(delayNanos, TimeUnit.NANOSECONDS)) {
      throw why;
    }
  }

  /** Whether the connection brought nothing, for a short time. */
  private boolean cameToNothing(long nowNanos) {
    return position == stoodAt && nowNanos - stoodNanos < policy.longestDelay().toNanos();
  }

  /**
   * Tries for the first time, and again until it comes to something. Blocks.
   *
   * @throws PipeException why the last one failed
   */
  public <T> T first(Try<T> tried) throws PipeException, InterruptedException {
    while (true) {
      try {
        return tried.make();
      } catch (PipeException e) {
        pauseAfter(e);
      }
    }
  }

  /** One line about a failure. */
  public static String reason(Throwable why) {
    String message = why.getMessage();
    return message == null || message.isBlank() ? why.getClass().getSimpleName() : message;
  }

  /** No further try is wanted: who waits for one wakes up. */
  public void stop() {
    stopped.countDown();
  }
}
