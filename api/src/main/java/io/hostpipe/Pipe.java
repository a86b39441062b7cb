package io.hostpipe;

import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Two streams between two programs, one each way, independent of each other.
 *
 * <p>A full write side never blocks reading. {@link #close} releases both, wakes blocked readers
 * and writers, and is idempotent; a direction that was not finished is aborted. Thread rule: one
 * thread reads, one writes, any may close.
 */
public interface Pipe extends AutoCloseable {
  /** What comes in. */
  Source source();

  /** What goes out. */
  Sink sink();

  /** Both ends, for a log line. */
  String description();

  /** What happened so far. Any thread. */
  default PipeStats stats() {
    return PipeStats.NONE;
  }

  @Override
  void close();

  /** Sends one message without headers; blocks only while the window is full. */
  default Sent send(byte[] payload) throws PipeException, InterruptedException {
    return send(payload, Headers.EMPTY);
  }

  /** Sends one message; blocks only while the window is full. */
  default Sent send(byte[] payload, Headers headers) throws PipeException, InterruptedException {
    BatchWriter batch = sink().newBatch(Records.lengthBytes(payload.length, headers.lengthBytes()));
    try (batch) {
      batch.add(ByteBuffer.wrap(payload), headers);
      return new Sent(sink(), sink().write(batch));
    }
  }

  /**
   * The messages as they come; ends when the peer finished. Iterate once, on the reading thread. A
   * failure of the pipe is thrown by the iterator as an {@link UncheckedIOException} around the
   * {@link PipeException}.
   */
  default Iterable<Message> messages() {
    return () -> new MessageIterator(source());
  }

  /**
   * A message on its way.
   *
   * @param sink where it went
   * @param endPosition the position behind it
   */
  record Sent(Sink sink, long endPosition) {
    /** Blocks until this message and all before it are committed. */
    public Committed awaitCommitted() throws PipeException, InterruptedException {
      return sink.awaitCommitted(endPosition);
    }
  }

  /** Takes batches apart into messages that may be kept. */
  final class MessageIterator implements Iterator<Message> {
    private final Source source;
    private final ArrayDeque<Message> ready = new ArrayDeque<>();

    MessageIterator(Source source) {
      this.source = source;
    }

    @Override
    public boolean hasNext() {
      try {
        while (ready.isEmpty()) {
          Batch batch = source.read();
          if (batch == null) {
            return false;
          }
          try (batch) {
            batch.forEach(this::keep);
          }
        }
        return true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UncheckedIOException(
            new PipeException.Closed(Status.CANCELLED, "interrupted while reading messages"));
      } catch (java.io.IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public Message next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return ready.remove();
    }

    private void keep(long endPosition, ByteBuffer payload, Headers headers) {
      byte[] copy = new byte[payload.remaining()];
      payload.get(copy);
      ready.add(new Message(source, endPosition, copy, headers));
    }
  }
}
