package io.hostpipe;

import java.util.Objects;
import java.util.function.Function;

/**
 * A pipe whose messages are values; from {@link Pipe#typed(TypedMessages.Parser, Function)}.
 *
 * <p>A view: it has no buffer, and to close it is to close its pipe. Thread rule: as {@link Pipe}.
 *
 * @param <I> what comes in
 * @param <O> what goes out
 */
public final class TypedPipe<I, O> implements AutoCloseable {
  private final Pipe pipe;
  private final TypedMessages<I> messages;
  private final Function<? super O, byte[]> formatter;

  TypedPipe(Pipe pipe, TypedMessages<I> messages, Function<? super O, byte[]> formatter) {
    this.pipe = pipe;
    this.messages = messages;
    this.formatter = Objects.requireNonNull(formatter, "formatter");
  }

  /** The pipe below. */
  public Pipe pipe() {
    return pipe;
  }

  /** What comes in; always the same view. */
  public TypedMessages<I> messages() {
    return messages;
  }

  /** Sends one value; blocks only while the window is full. What the formatter throws is thrown. */
  public Pipe.Sent send(O value) throws PipeException, InterruptedException {
    return send(value, Headers.EMPTY);
  }

  /** Sends one value with headers; blocks only while the window is full. */
  public Pipe.Sent send(O value, Headers headers) throws PipeException, InterruptedException {
    return pipe.send(formatter.apply(value), headers);
  }

  /** Ends what goes out, as {@link Sink#finish}; what comes in goes on. Blocks. */
  public void finish() throws PipeException, InterruptedException {
    pipe.sink().finish();
  }

  /** Closes the pipe. */
  @Override
  public void close() {
    pipe.close();
  }
}
