package io.hostpipe;

import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a source for one subscriber; a second one is refused through its {@code onError}.
 *
 * <p>A virtual thread reads the source and calls the subscriber, so signals are serial and a
 * request never recurses. It holds one batch; without demand it waits with the next message in its
 * hand, which is how the end of a stream is told without demand. Thread rule: any thread.
 */
final class MessagePublisher implements Flow.Publisher<Message> {
  private final Source source;
  private final AtomicBoolean subscribed = new AtomicBoolean();

  MessagePublisher(Source source) {
    this.source = source;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super Message> subscriber) {
    Objects.requireNonNull(subscriber, "subscriber");
    if (!subscribed.compareAndSet(false, true)) {
      subscriber.onSubscribe(new Refused());
      subscriber.onError(
          new IllegalStateException("the messages of a pipe have one subscriber, who is there"));
      return;
    }
    Reading reading = new Reading(source, subscriber);
    boolean welcomed = false;
    try {
      subscriber.onSubscribe(reading);
      welcomed = true;
    } finally {
      if (!welcomed) {
        reading.cancel();
      }
    }
    Thread.ofVirtual().name("hostpipe-publisher").start(reading);
  }

  /** For a subscriber who gets nothing but the refusal. */
  private static final class Refused implements Flow.Subscription {
    @Override
    public void request(long count) {}

    @Override
    public void cancel() {}
  }

  /** The one subscription. The lock guards demand and end; it is never held during a signal. */
  private static final class Reading implements Flow.Subscription, Runnable {
    private final Source source;
    private final Messages messages;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private Flow.@Nullable Subscriber<? super Message> subscriber;
    private long demand;
    private @Nullable IllegalArgumentException badRequest;

    Reading(Source source, Flow.Subscriber<? super Message> subscriber) {
      this.source = source;
      this.messages = new Messages(source);
      this.subscriber = subscriber;
    }

    @Override
    public void request(long count) {
      lock.lock();
      try {
        if (count > 0) {
          demand = demand + count < 0 ? Long.MAX_VALUE : demand + count;
          changed.signalAll();
          return;
        }
        if (badRequest != null || subscriber == null) {
          return;
        }
        badRequest =
            new IllegalArgumentException(
                "at least one message is requested, not " + count + " (Reactive Streams 3.9)");
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      closeSource();
    }

    @Override
    public void cancel() {
      lock.lock();
      try {
        if (subscriber == null) {
          return;
        }
        subscriber = null;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      closeSource();
    }

    @Override
    public void run() {
      try {
        for (Message next = messages.read(); next != null; next = messages.read()) {
          Flow.Subscriber<? super Message> wanting = awaitDemand();
          if (wanting == null) {
            return;
          }
          signal(wanting, next);
        }
        Flow.Subscriber<? super Message> ending = end();
        if (ending != null) {
          ending.onComplete();
        }
      } catch (PipeException e) {
        fail(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        fail(e);
      }
    }

    /** A subscriber that throws has left: that is the end of its subscription. */
    private void signal(Flow.Subscriber<? super Message> wanting, Message next) {
      boolean taken = false;
      try {
        wanting.onNext(next);
        taken = true;
      } finally {
        if (!taken) {
          cancel();
        }
      }
    }

    /** Waits for demand and takes one of it; null when the subscriber gets nothing more. */
    private Flow.@Nullable Subscriber<? super Message> awaitDemand() throws InterruptedException {
      lock.lockInterruptibly();
      try {
        while (demand == 0 && subscriber != null && badRequest == null) {
          changed.await();
        }
        if (badRequest == null) {
          demand -= demand == Long.MAX_VALUE ? 0 : 1;
          return subscriber;
        }
      } finally {
        lock.unlock();
      }
      fail(badRequest);
      return null;
    }

    private void fail(Throwable why) {
      Flow.Subscriber<? super Message> ending = end();
      if (ending != null) {
        ending.onError(badRequest == null ? why : badRequest);
      }
    }

    /** Who hears of the end, at most once; forgotten here. */
    private Flow.@Nullable Subscriber<? super Message> end() {
      lock.lock();
      try {
        Flow.Subscriber<? super Message> ending = subscriber;
        subscriber = null;
        return ending;
      } finally {
        lock.unlock();
      }
    }

    /** On a thread of its own: a close tells the peer and may wait, a cancel must not. */
    private void closeSource() {
      Thread.ofVirtual().name("hostpipe-cancel").start(source::close);
    }
  }
}
