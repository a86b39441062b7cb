package io.hostpipe.connector.memory;

import io.hostpipe.Hostpipe;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.annotations.AfterMethod;

/** The rules of the Reactive Streams for {@link Pipe#publisher}; run by {@link FlowTckTest}. */
public final class PublisherTck extends FlowPublisherVerification<Message> {
  private final Queue<Hostpipe.Pair> pairs = new ConcurrentLinkedQueue<>();
  private final Queue<CountDownLatch> signals = new ConcurrentLinkedQueue<>();

  public PublisherTck() {
    super(new TestEnvironment(FlowTckTest.TIMEOUT_MILLIS, FlowTckTest.QUIET_MILLIS));
  }

  @Override
  public Flow.Publisher<Message> createFlowPublisher(long elements) {
    Hostpipe.Pair pair = pair();
    Thread.ofVirtual().start(() -> send(pair.far(), elements));
    return watched(pair);
  }

  @Override
  public Flow.Publisher<Message> createFailedFlowPublisher() {
    Hostpipe.Pair pair = pair();
    pair.far().close();
    return watched(pair);
  }

  /** The kit would take the last signal of one test for one of the next. */
  @AfterMethod
  public void closeAll() throws InterruptedException {
    for (Hostpipe.Pair pair = pairs.poll(); pair != null; pair = pairs.poll()) {
      pair.close();
    }
    for (CountDownLatch last = signals.poll(); last != null; last = signals.poll()) {
      boolean _ = last.await(FlowTckTest.TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private Flow.Publisher<Message> watched(Hostpipe.Pair pair) {
    Flow.Publisher<Message> publisher = pair.near().publisher();
    return subscriber -> publisher.subscribe(subscriber == null ? null : watched(subscriber));
  }

  /** Hands all on, and tells when nothing more will come. */
  private Flow.Subscriber<Message> watched(Flow.Subscriber<? super Message> subscriber) {
    CountDownLatch last = new CountDownLatch(1);
    signals.add(last);
    return new Flow.Subscriber<>() {
      @Override
      public void onSubscribe(Flow.Subscription given) {
        subscriber.onSubscribe(
            new Flow.Subscription() {
              @Override
              public void request(long count) {
                given.request(count);
              }

              @Override
              public void cancel() {
                last.countDown();
                given.cancel();
              }
            });
      }

      @Override
      public void onNext(Message message) {
        subscriber.onNext(message);
      }

      @Override
      public void onError(Throwable why) {
        subscriber.onError(why);
        last.countDown();
      }

      @Override
      public void onComplete() {
        subscriber.onComplete();
        last.countDown();
      }
    };
  }

  private Hostpipe.Pair pair() {
    try {
      Hostpipe.Pair pair = Hostpipe.pair();
      pairs.add(pair);
      return pair;
    } catch (PipeException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void send(Pipe pipe, long count) {
    try {
      for (long each = 0; each < count; each++) {
        pipe.send(new byte[] {1, 2, 3});
      }
      pipe.sink().finish();
    } catch (PipeException | InterruptedException e) {
      // The subscriber left, as many of the tests do.
    }
  }
}
