package io.hostpipe.runtime.flow;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.spi.ForwardingSink;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A sink that is given nothing more while too much is uncommitted: a semaphore over messages, and a
 * window over bytes. One message is stop-and-wait.
 *
 * <p>Batches are cut into parts of a quarter of the limit, so that one part can be on its way while
 * the acknowledgement of another is. Of raw bytes each part counts as one message. What is larger
 * than the limit passes when nothing else is uncommitted. The limit holds for each writer that
 * hands over batches; a {@link BatchWriter} is not cut. Thread rule: as {@link Sink}. It owns the
 * inner sink.
 */
public final class WindowedSink extends ForwardingSink {
  /** How many parts make up a full window. */
  private static final int PARTS = 4;

  private final long bytesMax;
  private final long messagesMax;
  private final ReentrantLock lock = new ReentrantLock();

  // Under the lock.
  private final ArrayDeque<Part> uncommitted = new ArrayDeque<>();
  private final List<Committed.Rejected> untold = new ArrayList<>();
  private long uncommittedBytes;
  private long uncommittedMessages;

  /**
   * A sink with these limits.
   *
   * @param bytesMax bytes that may be uncommitted; {@link Long#MAX_VALUE} for any number
   * @param messagesMax messages that may be uncommitted; {@link Long#MAX_VALUE} for any number
   * @throws PipeException Config when the sink commits nothing before its end
   */
  public WindowedSink(Sink inner, long bytesMax, long messagesMax) throws PipeException {
    super(inner);
    if (inner.commitsAtEnd()) {
      throw new PipeException.Config(
          "a window of what is not acknowledged would never move: the sink acknowledges nothing"
              + " before the end of the stream; leave --window and --in-flight out");
    }
    if (bytesMax < 1 || messagesMax < 1) {
      throw new IllegalArgumentException(
          "a window has room for 1 byte and 1 message at least, not "
              + bytesMax
              + " and "
              + messagesMax);
    }
    this.bytesMax = bytesMax;
    this.messagesMax = messagesMax;
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    long lengthBytes = batch.lengthBytes();
    long messages = batch.encoding() == Encoding.RAW ? 1 : batch.count();
    try (batch) {
      awaitRoom(lengthBytes, messages);
      long end = inner.write(batch);
      written(end, lengthBytes, messages);
      return end;
    }
  }

  @Override
  public long write(Batch batch) throws PipeException, InterruptedException {
    try (batch) {
      int partBytes = part(bytesMax);
      int partMessages = batch.encoding() == Encoding.RAW ? 1 : part(messagesMax);
      long position = batch.position();
      long end = position;
      while (position < batch.endPosition()) {
        long border = batch.border(position, partBytes, partMessages);
        Batch part = batch.part(position, border);
        long lengthBytes = part.lengthBytes();
        long messages = messagesMax == Long.MAX_VALUE ? 1 : part.count();
        try {
          awaitRoom(lengthBytes, messages);
        } catch (PipeException | InterruptedException | RuntimeException e) {
          part.close();
          throw e;
        }
        end = inner.write(part);
        written(border, lengthBytes, messages);
        position = border;
      }
      return end;
    }
  }

  @Override
  public Committed committed() throws PipeException {
    return told(inner.committed());
  }

  @Override
  public Committed awaitCommitted(long position) throws PipeException, InterruptedException {
    return told(inner.awaitCommitted(position));
  }

  @Override
  public Committed awaitCommitted(long position, Duration timeout)
      throws PipeException, InterruptedException {
    return told(inner.awaitCommitted(position, timeout));
  }

  @Override
  public CompletionStage<Committed> whenCommitted(long position) {
    return inner.whenCommitted(position).thenApply(this::told);
  }

  private static int part(long max) {
    return Math.clamp(max / PARTS, 1, Integer.MAX_VALUE);
  }

  private void awaitRoom(long lengthBytes, long messages)
      throws PipeException, InterruptedException {
    for (long position = fullUntil(lengthBytes, messages);
        position >= 0;
        position = fullUntil(lengthBytes, messages)) {
      if (inner.commitsAtEnd()) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION,
            "--window and --in-flight wait for commits, and this destination commits when the stream"
                + " has ended: leave them out (a program can count with commit=written instead)");
      }
      Committed news = inner.awaitCommitted(position);
      lock.lock();
      try {
        untold.addAll(news.rejected());
        passed(news.position());
      } finally {
        lock.unlock();
      }
    }
  }

  /** What has to be committed before this may be written; -1 when there is room. */
  private long fullUntil(long lengthBytes, long messages) {
    lock.lock();
    try {
      boolean full =
          uncommittedBytes + lengthBytes > bytesMax || uncommittedMessages + messages > messagesMax;
      return full && !uncommitted.isEmpty() ? uncommitted.element().endPosition : -1;
    } finally {
      lock.unlock();
    }
  }

  private void written(long end, long lengthBytes, long messages) {
    lock.lock();
    try {
      uncommitted.add(new Part(end, lengthBytes, messages));
      uncommittedBytes += lengthBytes;
      uncommittedMessages += messages;
    } finally {
      lock.unlock();
    }
  }

  private Committed told(Committed news) {
    lock.lock();
    try {
      passed(news.position());
      if (untold.isEmpty()) {
        return news;
      }
      untold.addAll(news.rejected());
      Committed all = new Committed(news.position(), untold);
      untold.clear();
      return all;
    } finally {
      lock.unlock();
    }
  }

  private void passed(long position) {
    while (!uncommitted.isEmpty() && uncommitted.element().endPosition <= position) {
      Part part = uncommitted.remove();
      uncommittedBytes -= part.lengthBytes;
      uncommittedMessages -= part.messages;
    }
  }

  private record Part(long endPosition, long lengthBytes, long messages) {}
}
