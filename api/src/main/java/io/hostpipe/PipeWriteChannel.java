package io.hostpipe;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;

/**
 * The outgoing bytes of a pipe as a channel: every write goes straight into batches of the sink.
 *
 * <p>States: open; failed, when a write threw and nobody can say how much of it went; closed.
 * Thread rule: one thread writes and closes.
 */
final class PipeWriteChannel implements WritableByteChannel {
  /** A longer write is cut into batches of this length. */
  private static final int BATCH_BYTES = 256 << 10;

  private final Sink sink;
  private boolean failed;
  private boolean closed;

  PipeWriteChannel(Pipe pipe) {
    PipeReadChannel.checkBytes(pipe);
    this.sink = pipe.sink();
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
    int lengthBytes = from.remaining();
    boolean written = false;
    try {
      while (from.hasRemaining()) {
        try (BatchWriter batch = sink.newBatch(Math.min(from.remaining(), BATCH_BYTES))) {
          batch.addBytes(from);
          sink.write(batch);
        }
      }
      written = true;
      return lengthBytes;
    } catch (InterruptedException e) {
      throw interrupted(
          e, "while writing; the stream is aborted, because a part of it may be sent");
    } finally {
      failed |= !written;
    }
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    if (failed) {
      sink.close();
      return;
    }
    try {
      sink.finish();
    } catch (InterruptedException e) {
      throw interrupted(e, "while waiting for the commit; whether all has arrived is uncertain");
    }
  }

  private static InterruptedIOException interrupted(InterruptedException cause, String when) {
    Thread.currentThread().interrupt();
    InterruptedIOException told = new InterruptedIOException("interrupted " + when);
    told.initCause(cause);
    return told;
  }
}
