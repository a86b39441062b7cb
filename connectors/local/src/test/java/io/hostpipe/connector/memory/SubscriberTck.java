package io.hostpipe.connector.memory;

import io.hostpipe.Hostpipe;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowSubscriberBlackboxVerification;
import org.testng.annotations.AfterMethod;

/** The rules of the Reactive Streams for {@link Pipe#subscriber}; run by {@link FlowTckTest}. */
public final class SubscriberTck extends FlowSubscriberBlackboxVerification<Message> {
  private final Queue<Hostpipe.Pair> pairs = new ConcurrentLinkedQueue<>();

  public SubscriberTck() {
    super(new TestEnvironment(FlowTckTest.TIMEOUT_MILLIS, FlowTckTest.QUIET_MILLIS));
  }

  @Override
  public Flow.Subscriber<Message> createFlowSubscriber() {
    try {
      Hostpipe.Pair pair = Hostpipe.pair();
      pairs.add(pair);
      Thread.ofVirtual().start(() -> receive(pair.far()));
      return pair.near().subscriber();
    } catch (PipeException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public Message createElement(int element) {
    return Message.of(new byte[] {(byte) element});
  }

  @AfterMethod
  public void closeAll() {
    for (Hostpipe.Pair pair = pairs.poll(); pair != null; pair = pairs.poll()) {
      pair.close();
    }
  }

  private static void receive(Pipe pipe) {
    try {
      for (Message message = pipe.messages().read();
          message != null;
          message = pipe.messages().read()) {
        message.commit();
      }
    } catch (PipeException | InterruptedException e) {
      // The publisher ended with an error, as some of the tests have it.
    }
  }
}
