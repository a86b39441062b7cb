package io.hostpipe.connector.nats;

import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.AnswerSource;
import io.hostpipe.spi.Inbox;
import io.hostpipe.spi.PipeContext;
import io.nats.client.Message;
import java.util.UUID;

/**
 * Both directions over one subject: what is written are requests, and what is read are their
 * answers, in the order of the requests.
 *
 * <p>Thread rule: as {@link Pipe}.
 */
final class Requests implements Pipe {
  private final NatsOptions options;
  private final RequestSink sink;
  private final AnswerSource<Message> source;

  private Requests(NatsOptions options, RequestSink sink, AnswerSource<Message> source) {
    this.options = options;
    this.sink = sink;
    this.source = source;
  }

  /** Connects. Blocks. */
  static Pipe open(NatsOptions options, PipeContext context) throws PipeException {
    Subjects.checkMessages(options, context.encoding());
    StreamId asked = context.stream();
    StreamId stream = asked == null ? new StreamId("nats:" + UUID.randomUUID()) : asked;
    Inbox<Message> answers = new Inbox<>(Message::consumeByteCount);
    try {
      RequestSink sink = RequestSink.open(options, context, stream, answers);
      AnswerSource<Message> source =
          new AnswerSource<>(
              options.address(),
              context,
              answers,
              Message::getData,
              answer -> NatsHeaders.read(answer.getHeaders()),
              // Answers end where the sink has its last one, or is closed.
              () -> null);
      return new Requests(options, sink, source);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PipeException.Closed(
          Status.CANCELLED, "interrupted while opening " + options.address());
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
