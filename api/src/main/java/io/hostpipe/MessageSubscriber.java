package io.hostpipe;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sends the messages that a publisher gives; from {@link Pipe#subscriber}.
 *
 * <p>{@code onComplete} finishes the stream; {@code onError} aborts it, so that the peer sees a
 * break and no end. When the pipe fails, the subscription is cancelled. {@link #finished} tells how
 * it went.
 *
 * <p>A message that came out of a pipe is committed there once this pipe's peer has committed it:
 * {@code in.publisher().subscribe(out.subscriber())} hands messages on and loses none. A message
 * that the peer refuses for good ends the whole with {@link PipeException.Rejected}, and neither it
 * nor what came after it is committed.
 *
 * <p>At most 64 messages wait here; beyond that the window is the backpressure. Signals return at
 * once: a virtual thread writes, waits, requests and commits. Thread rule: as Flow says, one signal
 * at a time.
 */
public final class MessageSubscriber implements Flow.Subscriber<Message> {
  /** The messages that are requested ahead of what was written. */
  private static final int AHEAD_COUNT_MAX = 64;

  /** More than this is written as several batches. */
  private static final int BATCH_BYTES = 256 << 10;

  private final Sink sink;
  private final CompletableFuture<Committed> finished = new CompletableFuture<>();

  // What the signals bring, and what the sink tells.
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Message> waiting = new ArrayDeque<>();
  private Flow.@Nullable Subscription subscription;
  private boolean completed;
  private @Nullable Throwable failure;
  private @Nullable Committed told;

  // The writing thread's own. One commit is awaited at a time: it stands for all before it.
  private @Nullable Message newest;
  private long newestEnd;
  private @Nullable Message awaited;

  MessageSubscriber(Sink sink) {
    this.sink = sink;
  }

  /**
   * Completes when the publisher completed, everything is committed and the peer confirmed the end;
   * fails with the {@link PipeException} that ended the pipe, or with what the publisher's {@code
   * onError} said.
   */
  public CompletionStage<Committed> finished() {
    return finished.minimalCompletionStage();
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    Objects.requireNonNull(given, "subscription");
    boolean first;
    lock.lock();
    try {
      first = subscription == null;
      if (first) {
        subscription = given;
      }
    } finally {
      lock.unlock();
    }
    if (first) {
      Thread.ofVirtual().name("hostpipe-subscriber").start(() -> run(given));
    } else {
      given.cancel();
    }
  }

  @Override
  public void onNext(Message message) {
    Objects.requireNonNull(message, "message");
    boolean tooMany;
    lock.lock();
    try {
      tooMany = waiting.size() >= AHEAD_COUNT_MAX;
      if (!tooMany && failure == null && !completed) {
        waiting.add(message);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
    if (tooMany) {
      onError(new IllegalStateException("the publisher gave more messages than were requested"));
    }
  }

  /** The peer is told at once, also while a write waits for the window. */
  @Override
  public void onError(Throwable why) {
    fail(Objects.requireNonNull(why, "why"));
    Thread.ofVirtual().name("hostpipe-abort").start(sink::close);
  }

  @Override
  public void onComplete() {
    lock.lock();
    try {
      completed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Everything that may block. */
  private void run(Flow.Subscription giving) {
    List<Message> taken = new ArrayList<>(AHEAD_COUNT_MAX);
    try {
      // Never reached, so it tells of the end of the pipe alone, also while nothing is under way.
      sink.whenCommitted(Long.MAX_VALUE).whenComplete((never, why) -> onCommitted(null, why));
      giving.request(AHEAD_COUNT_MAX);
      while (take(taken)) {
        handOn();
        write(taken);
        if (!taken.isEmpty()) {
          giving.request(taken.size());
          taken.clear();
        }
      }
      finish();
    } catch (PipeException | RuntimeException e) {
      abort(giving, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      abort(giving, e);
    }
  }

  /** Waits for something to do; false when all was written and no more comes. */
  private boolean take(List<Message> taken) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (waiting.isEmpty() && !completed && failure == null && told == null) {
        changed.await();
      }
      if (failure != null) {
        throw new IllegalStateException(failure);
      }
      taken.addAll(waiting);
      waiting.clear();
      return !taken.isEmpty() || !completed;
    } finally {
      lock.unlock();
    }
  }

  private void write(List<Message> taken) throws PipeException, InterruptedException {
    int index = 0;
    while (index < taken.size()) {
      try (BatchWriter batch = sink.newBatch(lengthBytes(taken.subList(index, taken.size())))) {
        while (index < taken.size()
            && batch.add(ByteBuffer.wrap(taken.get(index).payload()), taken.get(index).headers())) {
          index++;
        }
        newestEnd = sink.write(batch);
        newest = taken.get(index - 1);
      }
      if (awaited == null) {
        await();
      }
    }
  }

  private static int lengthBytes(List<Message> messages) {
    long sum = 0;
    for (Message each : messages) {
      sum += Records.lengthBytes(each.payload().length, each.headers().lengthBytes());
    }
    return (int) Math.min(sum, BATCH_BYTES);
  }

  private void await() {
    awaited = newest;
    sink.whenCommitted(newestEnd).whenComplete(this::onCommitted);
  }

  /** What the peer committed is committed where it came from. */
  private void handOn() throws PipeException {
    Committed news;
    lock.lock();
    try {
      news = told;
      told = null;
    } finally {
      lock.unlock();
    }
    if (news != null && awaited != null) {
      check(news);
      awaited.commit();
      if (awaited == newest) {
        awaited = null;
      } else {
        await();
      }
    }
  }

  private void finish() throws PipeException, InterruptedException {
    handOn();
    sink.finish();
    Committed all = sink.committed();
    check(all);
    if (newest != null) {
      newest.commit();
    }
    finished.complete(all);
  }

  private static void check(Committed committed) throws PipeException {
    if (!committed.rejected().isEmpty()) {
      Committed.Rejected first = committed.rejected().getFirst();
      throw new PipeException.Rejected(
          first.why().status(),
          "the peer refused the message that ends at position "
              + first.endPosition()
              + " for good: "
              + first.why().reason());
    }
  }

  private void onCommitted(@Nullable Committed committed, @Nullable Throwable why) {
    if (why != null) {
      fail(why instanceof CompletionException && why.getCause() != null ? why.getCause() : why);
      return;
    }
    lock.lock();
    try {
      told = committed;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Only the first cause counts. */
  private void fail(Throwable why) {
    lock.lock();
    try {
      failure = failure == null ? why : failure;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void abort(Flow.Subscription giving, Throwable why) {
    fail(why);
    giving.cancel();
    sink.close();
    finished.completeExceptionally(failure());
  }

  private Throwable failure() {
    lock.lock();
    try {
      return Objects.requireNonNull(failure);
    } finally {
      lock.unlock();
    }
  }
}
