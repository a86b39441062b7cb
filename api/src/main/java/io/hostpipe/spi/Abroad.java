package io.hostpipe.spi;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Calls of a broker's library on a thread of their own: some of them swallow an interrupt, or wait
 * for seconds where nobody can wake them.
 */
public final class Abroad {
  private Abroad() {}

  /** What is called. */
  @FunctionalInterface
  public interface Call<T extends AutoCloseable> {
    /** Blocks. */
    T call() throws PipeException, InterruptedException;
  }

  /**
   * Calls and waits for the outcome.
   *
   * @return what came out, which is the caller's; when the caller is interrupted before that, it is
   *     closed as soon as it is there
   */
  public static <T extends AutoCloseable> T call(Call<T> call)
      throws PipeException, InterruptedException {
    CompletableFuture<T> outcome = new CompletableFuture<>();
    Thread.ofVirtual().name("library-call").start(() -> complete(outcome, call));
    try {
      return outcome.get();
    } catch (ExecutionException e) {
      Throwable why = e.getCause();
      switch (why) {
        case PipeException known -> throw known;
        case RuntimeException mistake -> throw mistake;
        case null, default -> throw new IllegalStateException("a call of the library failed", why);
      }
    } catch (InterruptedException e) {
      var _ = outcome.whenComplete((made, failure) -> closeQuietly(made));
      throw e;
    }
  }

  /**
   * For who may not be interrupted, and was: it stays so.
   *
   * @param what was done meanwhile, as in "opening nats://host/orders"
   */
  public static PipeException interrupted(String what) {
    Thread.currentThread().interrupt();
    return new PipeException.Closed(Status.CANCELLED, "interrupted while " + what);
  }

  private static <T extends AutoCloseable> void complete(
      CompletableFuture<T> outcome, Call<T> call) {
    try {
      outcome.complete(call.call());
    } catch (PipeException | InterruptedException | RuntimeException e) {
      outcome.completeExceptionally(e);
    }
  }

  private static void closeQuietly(@Nullable AutoCloseable made) {
    try {
      if (made != null) {
        made.close();
      }
    } catch (Exception e) {
      // Nobody waits for it any more.
    }
  }
}
