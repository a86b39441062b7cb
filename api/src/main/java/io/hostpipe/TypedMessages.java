package io.hostpipe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The messages that come in, parsed; from {@link Pipe#typed(Parser)}.
 *
 * <p>A message that does not parse is refused for good, with its position and the parser's words:
 * the peer hears of it beside its commits, or takes it to its place for dead letters, and the loop
 * goes on with the next one. It is refused once nothing before it is open: by the commit of the
 * message before it, or at once when that was committed already. So a commit never stands for a
 * message that the program has not dealt with, and none that is bad waits for a good one behind it.
 *
 * <p>Everything else is as with {@link Messages}. Thread rule: one thread reads; messages may be
 * committed from others.
 *
 * @param <T> what a message is parsed to
 */
public final class TypedMessages<T> implements Iterable<TypedMessage<T>> {
  /**
   * Makes a value of a payload. A protobuf class brings one: {@code UserRequest::parseFrom}.
   *
   * @param <T> what it makes
   */
  @FunctionalInterface
  public interface Parser<T> {
    /**
     * Parses one whole payload. Any exception means that it is malformed and always will be, so the
     * message is refused; what may succeed later does not belong here.
     */
    T parse(byte[] payload) throws Exception;
  }

  private final Messages messages;
  private final Parser<? extends T> parser;
  private final AtomicLong refusedCount = new AtomicLong();

  // The reading thread's own: whom to tell, and what an iterator looked at and did not take.
  private BiConsumer<? super Message, ? super Exception> onRefused = (message, why) -> {};
  private @Nullable TypedMessage<T> next;

  private final ReentrantLock lock = new ReentrantLock();

  // Under the lock. The last message that was handed out, and how far commits have gone.
  private @Nullable TypedMessage<T> newest;
  private long committedPosition = -1;

  TypedMessages(Source source, Parser<? extends T> parser) {
    this.messages = new Messages(source);
    this.parser = Objects.requireNonNull(parser, "parser");
  }

  /**
   * Has each message that does not parse told, with what the parser threw, before it is refused:
   * for a log, or to keep a copy. Called before the first read.
   *
   * @param told on the reading thread; what it throws comes out of the read, and the message is not
   *     refused then
   * @return this
   */
  public TypedMessages<T> onRefused(BiConsumer<? super Message, ? super Exception> told) {
    onRefused = Objects.requireNonNull(told, "told");
    return this;
  }

  /**
   * The next message that parses. Blocks.
   *
   * @return null when the peer finished its stream
   * @throws PipeException when the stream broke off before its end
   */
  public @Nullable TypedMessage<T> read() throws PipeException, InterruptedException {
    while (next == null) {
      Message message = messages.read();
      if (message == null) {
        return null;
      }
      next = parse(message);
    }
    return taken();
  }

  /**
   * As {@link #read()}, for at most this long.
   *
   * @return null when none came in time or the stream ended; {@link #finished} tells which
   */
  public @Nullable TypedMessage<T> read(Duration timeout)
      throws PipeException, InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (next == null) {
      long restNanos = Math.max(0, deadline - System.nanoTime());
      Message message = messages.read(Duration.ofNanos(restNanos));
      if (message == null) {
        return null;
      }
      next = parse(message);
    }
    return taken();
  }

  /** Whether the stream ended in good order and all of it was read. */
  public boolean finished() {
    return next == null && messages.finished();
  }

  /** How many messages did not parse so far. Any thread. */
  public long refusedCount() {
    return refusedCount.get();
  }

  /** Ends and fails as {@link Messages#iterator} does. */
  @Override
  public Iterator<TypedMessage<T>> iterator() {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        if (next == null) {
          next = readUnchecked();
        }
        return next != null;
      }

      @Override
      public TypedMessage<T> next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        return taken();
      }
    };
  }

  private TypedMessage<T> taken() {
    TypedMessage<T> message = Objects.requireNonNull(next);
    next = null;
    return message;
  }

  private @Nullable TypedMessage<T> readUnchecked() {
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

  /** The message with its value; null when it has none, and was refused. */
  private @Nullable TypedMessage<T> parse(Message message) throws PipeException {
    T value;
    try {
      value = Objects.requireNonNull(parser.parse(message.payload()), "the parser made nothing");
    } catch (Exception e) {
      refuse(message, e);
      return null;
    }
    TypedMessage<T> parsed = new TypedMessage<>(this, message, value);
    lock.lock();
    try {
      newest = parsed;
    } finally {
      lock.unlock();
    }
    return parsed;
  }

  private void refuse(Message message, Exception why) throws PipeException {
    refusedCount.incrementAndGet();
    onRefused.accept(message, why);
    message.reject(
        new Rejection(
            Status.INVALID_ARGUMENT,
            "does not parse: the message of "
                + message.payload().length
                + " bytes that ends at position "
                + message.endPosition()
                + ": "
                + (why.getMessage() == null ? why.getClass().getSimpleName() : why.getMessage())));
    boolean isOpenBefore;
    lock.lock();
    try {
      isOpenBefore = newest != null && newest.endPosition() > committedPosition;
      if (newest != null && isOpenBefore) {
        newest.passTo(message);
      }
    } finally {
      lock.unlock();
    }
    if (!isOpenBefore) {
      message.commit();
    }
  }

  /** Commits this message, all before it, and those refused directly behind it. */
  void commit(TypedMessage<T> message) throws PipeException {
    Message last;
    lock.lock();
    try {
      last = message.last();
      committedPosition = Math.max(committedPosition, last.endPosition());
    } finally {
      lock.unlock();
    }
    last.commit();
  }
}
