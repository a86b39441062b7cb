package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Encoding;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.AnswerSource;
import io.hostpipe.spi.Inbox;
import io.hostpipe.spi.PipeContext;
import java.util.UUID;

/**
 * Both directions over one queue: what is written are requests, and what is read are their answers,
 * in the order of the requests.
 *
 * <p>Thread rule: as {@link Pipe}.
 */
final class Requests implements Pipe {
  private final QueueOptions options;
  private final RequestSink sink;
  private final AnswerSource<Answer> source;

  private Requests(QueueOptions options, RequestSink sink, AnswerSource<Answer> source) {
    this.options = options;
    this.sink = sink;
    this.source = source;
  }

  /** Connects. Blocks. */
  static Pipe open(QueueOptions options, PipeContext context) throws PipeException {
    checkMessages(options, context.encoding());
    StreamId asked = context.stream();
    StreamId stream = asked == null ? new StreamId("amqp:" + UUID.randomUUID()) : asked;
    Inbox<Answer> answers = new Inbox<>(Answer::bytes);
    try {
      RequestSink sink = RequestSink.open(options, context, stream, answers);
      AnswerSource<Answer> source =
          new AnswerSource<>(
              options.address(), context, answers, Answer::body, Answer::headers, sink::failure);
      return new Requests(options, sink, source);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PipeException.Closed(
          Status.CANCELLED, "interrupted while opening " + options.address());
    }
  }

  /** Refuses bytes, which have no borders. */
  static void checkMessages(QueueOptions options, Encoding encoding) throws PipeException {
    if (encoding != Encoding.RECORDS) {
      throw new PipeException.Config(
          options.address()
              + ": a request and its answer are messages; say how they are told apart, as in"
              + " --frame lines");
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
