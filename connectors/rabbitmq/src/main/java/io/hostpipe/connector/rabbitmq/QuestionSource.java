package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Rejection;
import io.hostpipe.spi.ArrivingSource;
import io.hostpipe.spi.Inbox;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RequestSource;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait in a queue. One is acknowledged when the server has its answer, whatever is
 * committed before that.
 *
 * <p>Thread rule: as {@link io.hostpipe.Source}.
 */
final class QuestionSource extends ArrivingSource<Delivery, QueueReader> implements RequestSource {
  private final QueueOptions options;
  private final Questions questions;
  private final AtomicBoolean saidRefused = new AtomicBoolean();
  private boolean begun;

  /** Whether what is refused goes to another place. */
  private volatile boolean catches;

  QuestionSource(QueueOptions options, PipeContext context, Questions questions) {
    super(options.address(), context, options.streamId());
    this.options = options;
    this.questions = questions;
  }

  /** Begins to read: what is asked from here on is heard. Blocks. */
  void open() throws PipeException, InterruptedException {
    var _ = reader();
  }

  @Override
  protected QueueReader begin() throws PipeException {
    QueueReader reader =
        QueueReader.open(options, !begun, options.prefetch(), false, context.events());
    catches |= reader.care().catches();
    begun = true;
    return reader;
  }

  @Override
  protected Inbox<Delivery> inbox(QueueReader reader) {
    return reader.inbox();
  }

  @Override
  protected @Nullable PipeException failure(QueueReader reader) {
    return reader.failure();
  }

  @Override
  protected boolean isNew(Delivery message) {
    int lengthBytes = message.body().length;
    if (lengthBytes > Records.PAYLOAD_BYTES_MAX) {
      message.reader().refuse(message.tag());
      sayRefused(
          "it has "
              + lengthBytes
              + " bytes, and a message has at most "
              + Records.PAYLOAD_BYTES_MAX);
      return false;
    }
    return questions.isNew(message);
  }

  @Override
  protected byte[] payload(Delivery message) {
    return message.body();
  }

  @Override
  protected Headers headers(Delivery message) {
    return message.headers();
  }

  @Override
  protected void taken(Delivery message, long endPosition) {
    questions.taken(message, endPosition);
  }

  @Override
  public boolean wantsCommits() {
    return false;
  }

  /** Nothing: its answer counts. */
  @Override
  public void commit(long committedPosition) {}

  @Override
  public void reject(long endPosition, Rejection why) {
    if (questions.reject(endPosition)) {
      sayRefused(why.reason());
    }
  }

  private void sayRefused(String why) {
    if (!saidRefused.getAndSet(true)) {
      context
          .events()
          .warning(
              options.address()
                  + ": a request is refused, and so will each like it: "
                  + why
                  + "; it gets no answer, and "
                  + (catches
                      ? "goes where the queue puts what is refused"
                      : "is dropped, since the queue has no place for it (dead-letters=QUEUE)"));
    }
  }

  @Override
  protected String noWayTo(long wanted) {
    return ": a queue gives what has no answer, and cannot go to position " + wanted;
  }

  @Override
  protected String missed() {
    return "; what has no answer comes again, here or elsewhere";
  }
}
