package io.hostpipe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * The messages that come in, one by one; from {@link Pipe#messages}.
 *
 * <p>Takes one batch at a time from the source and copies it apart, so messages may be kept, and
 * memory is bounded by a batch. All iterators share one place: a loop that was left with {@code
 * break} goes on in the next. Thread rule: one thread reads; messages may be committed from others.
 */
public final class Messages implements Iterable<Message> {
  private final Source source;
  private final ArrayDeque<Message> ready = new ArrayDeque<>();

  Messages(Source source) {
    this.source = source;
  }

  /**
   * The next message. Blocks.
   *
   * @return null when the peer finished its stream
   * @throws PipeException when the stream broke off before its end
   */
  public @Nullable Message read() throws PipeException, InterruptedException {
    while (ready.isEmpty()) {
      Batch batch = source.read();
      if (batch == null) {
        return null;
      }
      take(batch);
    }
    return ready.remove();
  }

  /**
   * As {@link #read()}, for at most this long.
   *
   * @return null when none came in time or the stream ended; {@link #finished} tells which
   */
  public @Nullable Message read(Duration timeout) throws PipeException, InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (ready.isEmpty()) {
      long restNanos = Math.max(0, deadline - System.nanoTime());
      Batch batch = source.read(Duration.ofNanos(restNanos));
      if (batch != null) {
        take(batch);
      } else if (restNanos == 0 || source.finished()) {
        return null;
      }
    }
    return ready.remove();
  }

  /** Whether the stream ended in good order and all of it was read. */
  public boolean finished() {
    return ready.isEmpty() && source.finished();
  }

  /**
   * Ends when the peer finished its stream. A failure of the pipe is thrown by the iterator as an
   * {@link UncheckedIOException} around the {@link PipeException}; an interrupt is restored and
   * thrown as one with {@link Status#CANCELLED}.
   */
  @Override
  public Iterator<Message> iterator() {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        if (ready.isEmpty()) {
          Message next = readUnchecked();
          if (next == null) {
            return false;
          }
          // Looked at, not taken: it is whoever's that reads next.
          ready.addFirst(next);
        }
        return true;
      }

      @Override
      public Message next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        return ready.remove();
      }
    };
  }

  private @Nullable Message readUnchecked() {
    try {
      return read();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(
          new PipeException.Closed(Status.CANCELLED, "interrupted while reading messages"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void take(Batch batch) throws PipeException {
    try (batch) {
      batch.forEach(this::keep);
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new IllegalStateException("a batch in memory cannot fail to be read", e);
    }
  }

  private void keep(long endPosition, ByteBuffer payload, Headers headers) {
    byte[] copy = new byte[payload.remaining()];
    payload.get(copy);
    ready.add(new Message(source, endPosition, copy, headers));
  }
}
