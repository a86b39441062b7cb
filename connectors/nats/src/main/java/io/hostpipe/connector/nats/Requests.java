package io.hostpipe.connector.nats;

import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.spi.AnswerSource;
import io.hostpipe.spi.Dialogue;
import io.hostpipe.spi.Inbox;
import io.hostpipe.spi.PipeContext;
import io.nats.client.Message;

/** Requests over one subject, and their answers. */
final class Requests {
  private Requests() {}

  /** Connects. Blocks. */
  static Pipe open(NatsOptions options, PipeContext context) throws PipeException {
    return Dialogue.open(options.address(), context.encoding(), () -> connect(options, context));
  }

  private static Dialogue connect(NatsOptions options, PipeContext context)
      throws PipeException, InterruptedException {
    Inbox<Message> answers = new Inbox<>(Message::consumeByteCount);
    RequestSink sink =
        RequestSink.open(options, context, context.streamOrNew(NatsOptions.SCHEME), answers);
    AnswerSource<Message> source =
        new AnswerSource<>(
            options.address(),
            context,
            answers,
            Message::getData,
            answer -> NatsHeaders.read(answer.getHeaders()),
            // Answers end where the sink has its last one, or is closed.
            () -> null);
    return new Dialogue(options.address(), source, sink);
  }
}
