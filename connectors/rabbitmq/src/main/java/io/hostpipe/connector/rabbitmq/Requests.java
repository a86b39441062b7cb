package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.spi.AnswerSource;
import io.hostpipe.spi.Dialogue;
import io.hostpipe.spi.Inbox;
import io.hostpipe.spi.PipeContext;

/** Requests over one queue, and their answers. */
final class Requests {
  private Requests() {}

  /** Connects. Blocks. */
  static Pipe open(QueueOptions options, PipeContext context) throws PipeException {
    return Dialogue.open(options.address(), context.encoding(), () -> connect(options, context));
  }

  private static Dialogue connect(QueueOptions options, PipeContext context)
      throws PipeException, InterruptedException {
    Inbox<Answer> answers = new Inbox<>(Answer::bytes);
    RequestSink sink =
        RequestSink.open(options, context, context.streamOrNew(QueueOptions.SCHEME), answers);
    AnswerSource<Answer> source =
        new AnswerSource<>(
            options.address(), context, answers, Answer::body, Answer::headers, sink::failure);
    return new Dialogue(options.address(), source, sink);
  }
}
