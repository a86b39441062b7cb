package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.spi.Dialogue;
import io.hostpipe.spi.PipeContext;

/** Requests that wait in one queue, and their answers. */
final class Responses {
  private Responses() {}

  /** Begins to read, and makes the queue where there is none. Blocks. */
  static Pipe open(QueueOptions options, PipeContext context) throws PipeException {
    return Dialogue.open(options.address(), context.encoding(), () -> begin(options, context));
  }

  private static Dialogue begin(QueueOptions options, PipeContext context)
      throws PipeException, InterruptedException {
    Questions questions = new Questions();
    QuestionSource source = new QuestionSource(options, context, questions);
    boolean opened = false;
    try {
      source.open();
      opened = true;
      return new Dialogue(options.address(), source, new AnswerSink(options, context, questions));
    } finally {
      if (!opened) {
        source.close();
      }
    }
  }
}
