package io.hostpipe.connector.memory;

import io.hostpipe.Hostpipe;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.annotations.AfterMethod;

/** The rules of the Reactive Streams for {@link Pipe#publisher}; run by {@link FlowTckTest}. */
public final class PublisherTck extends FlowPublisherVerification<Message> {
  private final Queue<Hostpipe.Pair> pairs = new ConcurrentLinkedQueue<>();

  public PublisherTck() {
    super(new TestEnvironment(FlowTckTest.TIMEOUT_MILLIS, FlowTckTest.QUIET_MILLIS));
  }

  @Override
  public Flow.Publisher<Message> createFlowPublisher(long elements) {
    Hostpipe.Pair pair = pair();
    Thread.ofVirtual().start(() -> send(pair.far(), elements));
    return pair.near().publisher();
  }

  @Override
  public Flow.Publisher<Message> createFailedFlowPublisher() {
    Hostpipe.Pair pair = pair();
    pair.far().close();
    return pair.near().publisher();
  }

  @AfterMethod
  public void closeAll() {
    for (Hostpipe.Pair pair = pairs.poll(); pair != null; pair = pairs.poll()) {
      pair.close();
    }
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
