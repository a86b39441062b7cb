package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.hostpipe.spi.Inbox;
import io.nats.client.Message;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a subject one by one, up to the last one that there was when it began: or to what
 * is left, when that one was deleted meanwhile.
 *
 * <p>Thread rule: one thread; blocks.
 */
final class Sweep {
  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final Inbox<Message> inbox;
  private final SubjectEnd.Asked asked;
  private final boolean isReplicated;
  private final String unanswered;
  private final SubjectEnd end = new SubjectEnd();
  private long sequence;
  private long last;

  /**
   * Begins before the first message.
   *
   * @param last the sequence of the last one; 0 for none
   * @param asked where that is asked for again
   * @param isReplicated whether several servers keep the stream
   * @param unanswered what cannot be done when nothing comes, in messages to people
   */
  Sweep(
      Inbox<Message> inbox,
      long last,
      SubjectEnd.Asked asked,
      boolean isReplicated,
      String unanswered) {
    this.inbox = inbox;
    this.last = last;
    this.asked = asked;
    this.isReplicated = isReplicated;
    this.unanswered = unanswered;
  }

  /** The next one; null when that was all. */
  @Nullable Message next() throws PipeException, InterruptedException {
    long beganNanos = System.nanoTime();
    while (sequence < last) {
      Message message = inbox.poll(SubjectEnd.LOOK_NANOS);
      if (message != null) {
        end.works();
        sequence = OrderedReader.sequence(message);
        return message;
      }
      if (inbox.ended() || System.nanoTime() - beganNanos > SILENCE_NANOS) {
        throw new PipeException.Unreachable(unanswered + ": no answer", null);
      }
      last = end.look(asked, last, isReplicated);
    }
    return null;
  }
}
