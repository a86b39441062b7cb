package io.hostpipe.cli;

import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.AcceptLoop;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The pipes of an end that takes many: those that run, and what those that have ended did.
 *
 * <p>Each pipe is a {@link PipeRun} of its own. One that fails is told of and leaves the others
 * alone; when a place that they share fails, no further ones are taken. Thread rule: {@link #run}
 * on one thread, once; the rest from any.
 */
final class ManyPipes implements Counts, AutoCloseable {
  /** Of how many pipes a line each is said when all of them end at once, or are asked for. */
  static final int LINES_MAX = 50;

  /** Who hears of each pipe that has ended. Any thread. */
  interface Ended {
    void ended(PipeRun pipe, ExitCode code, boolean interrupted);
  }

  private final PipePlan plan;
  private final Flags flags;
  private final Places places;
  private final Contexts contexts;
  private final Leftovers leftovers;
  private final Ended whenEnded;
  private final Totals totals = new Totals();
  private final ReentrantLock lock = new ReentrantLock();

  /** Under the lock, as is all below. */
  private final Set<PipeRun> running = new LinkedHashSet<>();

  private @Nullable AcceptLoop loop;
  private boolean closed;
  private long startNanos;

  ManyPipes(
      PipePlan plan,
      Flags flags,
      Places places,
      Contexts contexts,
      Leftovers leftovers,
      Ended whenEnded) {
    this.plan = plan;
    this.flags = flags;
    this.places = places;
    this.contexts = contexts;
    this.leftovers = leftovers;
    this.whenEnded = whenEnded;
  }

  /**
   * Takes pipes until it is closed, the listener has no more, or a shared place fails; blocks until
   * the last one has ended.
   *
   * @param listener where the plan's end that takes many waits
   */
  void run(Listener listener) throws PipeException, InterruptedException {
    AcceptLoop accepting = new AcceptLoop(listener, plan.intake().pipeCountMax(), this::handle);
    lock.lock();
    try {
      loop = accepting;
      if (closed) {
        accepting.close();
      }
    } finally {
      lock.unlock();
    }
    accepting.run();
    PipeException why = places.failure();
    if (why != null) {
      throw why;
    }
  }

  /** Takes no further pipes, and aborts those that run, all at the same time. Idempotent. */
  @Override
  public void close() {
    AcceptLoop accepting;
    List<PipeRun> due;
    lock.lock();
    try {
      closed = true;
      accepting = loop;
      due = List.copyOf(running);
    } finally {
      lock.unlock();
    }
    if (accepting != null) {
      accepting.close();
    }
    // Each tells its peer and waits a moment for the answer: ten thousand in turn would take hours.
    due.forEach(each -> Thread.ofVirtual().name("hostpipe-abort").start(each::close));
  }

  /** Whether no pipe is under way. */
  boolean idle() {
    return runningNow().isEmpty();
  }

  /** What those that have ended did. */
  Totals.Snapshot totals() {
    return totals.snapshot();
  }

  /** How many pipes run, in words. */
  String state() {
    int count = runningNow().size();
    return count == 1 ? "1 pipe" : Quantity.groupedText(count) + " pipes";
  }

  @Override
  public long startPosition() {
    return 0;
  }

  @Override
  public long readPosition() {
    long bytes = totals.snapshot().readBytes();
    for (PipeRun each : runningNow()) {
      bytes += each.readPosition() - each.startPosition();
    }
    return bytes;
  }

  @Override
  public long committedPosition() {
    long bytes = totals.snapshot().deliveredBytes();
    for (PipeRun each : runningNow()) {
      bytes += each.committedPosition() - each.startPosition();
    }
    return bytes;
  }

  @Override
  public long messageCount() {
    return totals.snapshot().messageCount();
  }

  @Override
  public long elapsedNanos() {
    lock.lock();
    try {
      return startNanos == 0 ? 0 : Math.max(1, System.nanoTime() - startNanos);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String positionsText() {
    Totals.Snapshot ended = totals.snapshot();
    List<PipeRun> now = runningNow();
    StringBuilder text = new StringBuilder(256);
    text.append(ended.doneCount()).append(" arrived, ");
    text.append(ended.failedCount()).append(" did not, ");
    text.append(now.size()).append(" under way");
    now.stream()
        .limit(LINES_MAX)
        .forEach(each -> text.append('\n').append(each).append(": ").append(each.positionsText()));
    if (now.size() > LINES_MAX) {
      text.append("\nand ").append(now.size() - LINES_MAX).append(" more");
    }
    return text.toString();
  }

  private List<PipeRun> runningNow() {
    lock.lock();
    try {
      return List.copyOf(running);
    } finally {
      lock.unlock();
    }
  }

  private void handle(Pipe accepted) {
    PipeRun pipe = new PipeRun(plan, flags, places, contexts, leftovers, accepted);
    lock.lock();
    try {
      if (closed) {
        return;
      }
      running.add(pipe);
      startNanos = startNanos == 0 ? System.nanoTime() : startNanos;
    } finally {
      lock.unlock();
    }
    pipe.run();
    boolean interrupted;
    lock.lock();
    try {
      interrupted = closed && pipe.failure() != null;
    } finally {
      lock.unlock();
    }
    Throwable failure = pipe.outcome();
    ExitCode code =
        failure == null ? ExitCode.OK : interrupted ? ExitCode.INTERRUPTED : ExitCode.of(failure);
    totals.add(pipe, code);
    lock.lock();
    try {
      running.remove(pipe);
    } finally {
      lock.unlock();
    }
    whenEnded.ended(pipe, code, interrupted);
    stopWithoutPlaces();
  }

  /** When a shared place has failed, no further pipes are taken. */
  void stopWithoutPlaces() {
    if (places.failure() == null) {
      return;
    }
    AcceptLoop accepting;
    lock.lock();
    try {
      accepting = loop;
    } finally {
      lock.unlock();
    }
    if (accepting != null) {
      accepting.close();
    }
  }
}
