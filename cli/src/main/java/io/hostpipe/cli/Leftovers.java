package io.hostpipe.cli;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.storage.spool.Spool;
import io.hostpipe.storage.spool.SpoolStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What an earlier process of a receiving command took into the spool and did not deliver: it is on
 * its way again at once, since its sender may never come back, and is delivered by one opening of
 * the destinations together with what that sender still brings.
 *
 * <p>A destination that takes one stream at a time, and a command that takes one pipe, gets them
 * one after another: those that are here to their end first. Of the others each but the last stops
 * where it is; the last waits for its sender, until another stream comes in its place. What takes
 * many streams at once gets all of them at once.
 *
 * <p>Thread rule: {@link #start} once; the rest from any thread.
 */
final class Leftovers implements AutoCloseable {
  /** Of more than this, each has a virtual thread. */
  private static final int PLATFORM_THREAD_COUNT_MAX = 32;

  private final PipePlan plan;
  private final Flags flags;
  private final Places places;
  private final Contexts contexts;
  private final Console console;

  /** Who hears of one that failed and that no sender came for. */
  private final BiConsumer<StreamId, Throwable> whenFailed;

  /** Who hears of one that arrived but for dead letters, and that no sender came for. */
  private final BiConsumer<StreamId, PipeException> whenPutAside;

  private final ReentrantLock lock = new ReentrantLock();

  /** Those that have not ended, in the order in which they are delivered. Under the lock. */
  private final Map<StreamId, Leftover> all = new LinkedHashMap<>();

  /** Under the lock. */
  private boolean closed;

  private volatile boolean inTurn;

  Leftovers(
      PipePlan plan,
      Flags flags,
      Places places,
      Contexts contexts,
      Console console,
      BiConsumer<StreamId, Throwable> whenFailed,
      BiConsumer<StreamId, PipeException> whenPutAside) {
    this.plan = plan;
    this.flags = flags;
    this.places = places;
    this.contexts = contexts;
    this.console = console;
    this.whenFailed = whenFailed;
    this.whenPutAside = whenPutAside;
  }

  /** Begins to deliver, now that the places are open. */
  void start() throws PipeException {
    Spool spool = contexts.spool();
    if (spool == null || !plan.source().isLink()) {
      return;
    }
    List<Leftover> whole = new ArrayList<>();
    List<Leftover> parts = new ArrayList<>();
    for (StreamId stream : spool.heldStreams()) {
      SpoolStream held = spool.open(stream, plan.encoding());
      SpoolStream.Stats stats = held.stats();
      long restBytes = stats.written() - stats.released();
      if (held.delivered() || (restBytes == 0 && !stats.finished())) {
        continue;
      }
      say(held, restBytes, spool);
      contexts.doubts().consider(held, plan);
      Leftover leftover = new Leftover(plan, flags, places, contexts, held);
      (stats.finished() ? whole : parts).add(leftover);
    }
    inTurn = !plan.intake().many() || !takesManyAtOnce();
    whole.addAll(parts);
    lock.lock();
    try {
      whole.forEach(each -> all.put(each.stream(), each));
    } finally {
      lock.unlock();
    }
    if (!inTurn) {
      boolean few = whole.size() <= PLATFORM_THREAD_COUNT_MAX;
      whole.forEach(each -> inBackground(List.of(each), few));
    } else if (!whole.isEmpty()) {
      whole.subList(0, whole.size() - 1).forEach(Leftover::detach);
      inBackground(whole, true);
    }
  }

  /**
   * What is under way already of the stream that a peer brings; it goes on with him from here on.
   * Where one stream comes after another, this waits for those before it.
   *
   * @return null when the stream is to be moved by whoever asks
   */
  @Nullable Leftover claim(Source source) throws PipeException, InterruptedException {
    Leftover mine;
    List<Leftover> others;
    lock.lock();
    try {
      mine = all.get(source.stream());
      others = inTurn ? List.copyOf(all.values()) : List.of();
    } finally {
      lock.unlock();
    }
    if (mine != null) {
      Leftover taken = mine.claim(source) ? mine : null;
      if (taken != null) {
        return taken;
      }
      mine.awaitEnd();
    }
    for (Leftover each : others) {
      each.detach();
      each.awaitEnd();
    }
    return null;
  }

  /** Those that no sender came for are delivered as far as they are here; blocks. */
  void finish() throws InterruptedException {
    for (Leftover each : leftovers()) {
      each.detach();
      each.awaitEnd();
    }
  }

  /** Whether nothing waits to be delivered, or did when this was closed. */
  boolean idle() {
    return leftovers().stream().allMatch(Leftover::idle);
  }

  /** Ends those that are under way before their end. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
    } finally {
      lock.unlock();
    }
    leftovers().forEach(Leftover::close);
  }

  private Collection<Leftover> leftovers() {
    lock.lock();
    try {
      return List.copyOf(all.values());
    } finally {
      lock.unlock();
    }
  }

  private boolean takesManyAtOnce() {
    boolean mayMix = plan.intake().mode() == Intake.Mode.AT_ONCE;
    return plan.sinks().stream()
        .map(places::target)
        .allMatch(target -> target == null || (target.manyAtOnce() && (mayMix || !target.mixes())));
  }

  private void inBackground(List<Leftover> inOrder, boolean few) {
    Thread.Builder thread = few ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
    thread.name("hostpipe-leftover").start(() -> inOrder.forEach(this::deliver));
  }

  private void deliver(Leftover leftover) {
    Throwable why = leftover.run();
    lock.lock();
    try {
      if (closed) {
        return;
      }
      all.remove(leftover.stream());
    } finally {
      lock.unlock();
    }
    if (leftover.isClaimed()) {
      return;
    }
    if (why == null) {
      PipeException putAside = leftover.deadLetters();
      if (putAside != null) {
        whenPutAside.accept(leftover.stream(), putAside);
      }
      return;
    }
    if (why instanceof PipeException failure
        && failure.status() == Status.ABORTED
        && leftover.isDetached()) {
      console.say(
          "the stream "
              + leftover.stream()
              + " stops at position "
              + leftover.position()
              + ", before its end: its sender has not come back");
      return;
    }
    whenFailed.accept(leftover.stream(), why);
  }

  private void say(SpoolStream held, long restBytes, Spool spool) {
    console.say(
        "delivering "
            + Quantity.groupedText(restBytes)
            + (held.encoding() == Encoding.RAW ? " bytes" : " bytes of messages")
            + " of the stream "
            + held.stream()
            + ", which wait in the spool "
            + spool.folder());
  }
}
