package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.spi.PipeContext;

/**
 * Both directions over one queue, from the other side: what is read are requests, and what is
 * written are their answers: the first answers the first, and so on.
 *
 * <p>Thread rule: as {@link Pipe}.
 */
final class Responses implements Pipe {
  private final QueueOptions options;
  private final QuestionSource source;
  private final AnswerSink sink;

  private Responses(QueueOptions options, QuestionSource source, AnswerSink sink) {
    this.options = options;
    this.source = source;
    this.sink = sink;
  }

  /** Begins to read, and makes the queue where there is none. Blocks. */
  static Pipe open(QueueOptions options, PipeContext context) throws PipeException {
    Requests.checkMessages(options, context.encoding());
    Questions questions = new Questions();
    QuestionSource source = new QuestionSource(options, context, questions);
    boolean opened = false;
    try {
      source.open();
      opened = true;
      return new Responses(options, source, new AnswerSink(options, context, questions));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PipeException.Closed(
          Status.CANCELLED, "interrupted while opening " + options.address());
    } finally {
      if (!opened) {
        source.close();
      }
    }
  }

  @Override
  public Source source() {
    return source;
  }

  @Override
  public Sink sink() {
    return sink;
  }

  @Override
  public String description() {
    return options.address().toString();
  }

  @Override
  public void close() {
    sink.close();
    source.close();
  }
}
