package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.runtime.dead.DeadLetters;
import io.hostpipe.storage.spool.SpoolStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One stream that waits in the spool of a receiving command, on its way to the destinations. Its
 * sender goes on with it when he comes.
 *
 * <p>Thread rule: {@link #run} on one thread, once; the rest from any.
 */
final class Leftover implements AutoCloseable {
  private final PipePlan plan;
  private final Flags flags;
  private final SpoolStream held;
  private final OpenEnds ends;
  private final CompletableFuture<StreamRun> opened = new CompletableFuture<>();
  private final CompletableFuture<@Nullable Throwable> ended = new CompletableFuture<>();
  private final ReentrantLock lock = new ReentrantLock();

  /** Under the lock, as is all below. */
  private @Nullable StreamRun run;

  private boolean claimed;
  private boolean detached;

  Leftover(PipePlan plan, Flags flags, Places places, Contexts contexts, SpoolStream held) {
    this.plan = plan;
    this.flags = flags;
    this.held = held;
    this.ends = new OpenEnds(plan, places, contexts);
  }

  StreamId stream() {
    return held.stream();
  }

  /** Opens the destinations and moves everything; blocks. Null when all went well. */
  @Nullable Throwable run() {
    Throwable failure = null;
    try (ends) {
      Way way =
          new Way(
              plan.source(),
              plan.sinks(),
              held.stream(),
              null,
              held,
              ends.sinks(held.stream(), held.encoding(), held));
      StreamRun moving = new StreamRun(plan, way, flags);
      begin(moving);
      moving.run();
    } catch (PipeException | InterruptedException | RuntimeException | Error e) {
      failure = e;
    }
    opened.completeExceptionally(
        new PipeException.Closed(Status.CANCELLED, "it ended before it began", failure));
    ended.complete(failure);
    return failure;
  }

  /** What to tell of messages among the dead letters, once it has ended; null for nothing. */
  @Nullable PipeException deadLetters() {
    DeadLetterPlan letters = plan.deadLetters();
    StreamRun moved = letters == null ? null : opened.getNow(null);
    return letters == null || moved == null
        ? null
        : DeadLetters.ending(moved.deadLetterCount(), letters.end().toString());
  }

  /** The sender has come. Waits until the destinations are open; whether it goes on with him. */
  boolean claim(Source source) throws InterruptedException {
    lock.lock();
    try {
      if (detached || ended.isDone()) {
        return false;
      }
      claimed = true;
    } finally {
      lock.unlock();
    }
    boolean taken = false;
    try {
      taken = opened.get().attach(source);
    } catch (ExecutionException e) {
      // It failed first, as its end says.
    }
    lock.lock();
    try {
      claimed = taken;
    } finally {
      lock.unlock();
    }
    return taken;
  }

  /** Nobody is waited for any more. Nothing when its sender came. */
  void detach() {
    StreamRun moving;
    lock.lock();
    try {
      if (claimed) {
        return;
      }
      detached = true;
      moving = run;
    } finally {
      lock.unlock();
    }
    if (moving != null) {
      moving.detach();
    }
  }

  boolean isClaimed() {
    lock.lock();
    try {
      return claimed;
    } finally {
      lock.unlock();
    }
  }

  boolean isDetached() {
    lock.lock();
    try {
      return detached;
    } finally {
      lock.unlock();
    }
  }

  /** How it is moved; there once it is claimed. */
  StreamRun moving() {
    return opened.join();
  }

  /** Whether the destinations have all of it that is here. */
  boolean idle() {
    SpoolStream.Stats stats = held.stats();
    return held.delivered() || (!stats.finished() && stats.released() == stats.written());
  }

  /** How far the destinations have it. */
  long position() {
    return held.stats().released();
  }

  /** Blocks until it has ended. */
  @Nullable Throwable awaitEnd() throws InterruptedException {
    try {
      return ended.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    ends.close();
  }

  private void begin(StreamRun moving) {
    boolean alone;
    lock.lock();
    try {
      run = moving;
      alone = detached;
    } finally {
      lock.unlock();
    }
    if (alone) {
      moving.detach();
    }
    opened.complete(moving);
  }
}
