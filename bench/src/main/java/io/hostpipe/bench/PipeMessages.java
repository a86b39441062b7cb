package io.hostpipe.bench;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Acknowledged messages through the public interface, a batch at a time. */
final class PipeMessages {
  private PipeMessages() {}

  /** The sending side. Thread rule: one thread. */
  static final class Sender {
    private final Sink sink;
    private @Nullable BatchWriter batch;

    Sender(Sink sink) {
      this.sink = sink;
    }

    /** Adds one message; blocks when its batch is full and the window is. */
    void send(ByteBuffer payload) throws PipeException, InterruptedException {
      BatchWriter open = batch;
      if (open != null && open.add(payload)) {
        return;
      }
      if (open != null) {
        sink.write(open);
      }
      batch = sink.newBatch(0);
      batch.add(payload);
    }

    /** Writes what is left and waits until everything is applied at the far end. */
    void awaitAcknowledged() throws PipeException, InterruptedException {
      BatchWriter open = batch;
      batch = null;
      if (open != null) {
        sink.awaitCommitted(sink.write(open));
      }
    }
  }

  /** Receives and commits each batch, until the sender has finished. */
  static void receive(Pipe pipe, MessageCheck check) throws IOException, InterruptedException {
    Source source = pipe.source();
    Batch.Visitor visitor = (endPosition, payload, headers) -> check.onMessage(payload);
    for (Batch batch = source.read(); batch != null; batch = source.read()) {
      batch.forEach(visitor);
      source.commit(batch.endPosition());
      batch.close();
    }
    pipe.sink().finish();
  }
}
