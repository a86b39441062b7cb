package io.hostpipe.testkit;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A part of a test on a thread of its own, and waiting for what it does, always with a deadline.
 *
 * @param <T> what it ends with
 */
public final class InParallel<T extends @Nullable Object> {
  /** How long anything may take before the test fails. */
  private static final long DEADLINE_SECONDS = 150;

  /** How long a number has to stand still to count as stopped. */
  private static final long STILL_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  private final CompletableFuture<T> result = new CompletableFuture<>();
  private final Thread thread;

  private InParallel(Callable<T> work) {
    this.thread =
        Thread.ofVirtual()
            .name("test")
            .start(() -> {
              try {
                result.complete(work.call());
              } catch (Exception | AssertionError e) {
                result.completeExceptionally(e);
              }
            });
  }

  /** Begins the work. */
  public static <T extends @Nullable Object> InParallel<T> run(Callable<T> work) {
    return new InParallel<>(work);
  }

  /** The thread, to interrupt it. */
  public Thread thread() {
    return thread;
  }

  /** Whether it has ended, well or not. */
  public boolean ended() {
    return result.isDone();
  }

  /** What it ended with; what it threw is thrown on. */
  public T join() throws Exception {
    try {
      return result.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw new AssertionError(e.getCause());
    } catch (TimeoutException e) {
      thread.interrupt();
      throw new AssertionError("not done after " + DEADLINE_SECONDS + " s", e);
    }
  }

  /** What it threw. */
  public Throwable failure() throws InterruptedException {
    try {
      T value = result.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
      throw new AssertionError("it ended well, with " + value);
    } catch (ExecutionException e) {
      return Objects.requireNonNull(e.getCause());
    } catch (TimeoutException e) {
      thread.interrupt();
      throw new AssertionError("not done after " + DEADLINE_SECONDS + " s", e);
    }
  }

  /** Waits until the thread waits for something. */
  public void awaitBlocked() {
    await(() ->
        thread.getState() == Thread.State.WAITING
            || thread.getState() == Thread.State.TIMED_WAITING);
  }

  /** Waits until this holds. */
  public static void await(BooleanSupplier condition) {
    await(Duration.ofSeconds(DEADLINE_SECONDS), condition);
  }

  /** Waits until this holds, for what takes long on a machine with other work. */
  public static void await(Duration patience, BooleanSupplier condition) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not so after " + patience.toSeconds() + " s");
      }
      LockSupport.parkNanos(500_000);
    }
  }

  /** Waits until the number has stood still for a while. */
  public static void awaitStill(LongSupplier number) {
    long[] last = {number.getAsLong(), System.nanoTime()};
    await(() -> {
      long now = number.getAsLong();
      if (now != last[0]) {
        last[0] = now;
        last[1] = System.nanoTime();
      }
      return System.nanoTime() - last[1] > STILL_NANOS;
    });
  }
}
