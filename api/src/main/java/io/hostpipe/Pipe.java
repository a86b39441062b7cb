package io.hostpipe;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.Function;

/**
 * Two streams between two programs, one each way, independent of each other.
 *
 * <p>A full write side never blocks reading. {@link #close} releases both, wakes blocked readers
 * and writers, and is idempotent; a direction that was not finished is aborted, so a peer never
 * takes a part for the whole.
 *
 * <p>A pipe carries messages or bytes ({@link Encoding}), as it was opened. {@link #source} and
 * {@link #sink} are the pipe itself, in batches; everything else here is a <em>view</em> of one of
 * them, for what a program already speaks. A view has no buffer beyond one batch: its backpressure
 * is the window of the pipe. Take one view for each direction, once: two would share a stream.
 *
 * <p>Thread rule: one thread reads, one writes, any thread commits, awaits commits and closes.
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

  /**
   * Releases both directions. A direction that was not finished is aborted: the peer's reads throw.
   * Wakes who is blocked, with {@link PipeException.Closed}; blocks for a moment, until the peer
   * knows. Idempotent; any thread.
   */
  @Override
  void close();

  // ---------------------------------------------------------------- messages

  /**
   * Sends one message without headers; blocks only while the window is full.
   *
   * @param payload copied before this returns
   */
  default Sent send(byte[] payload) throws PipeException, InterruptedException {
    return send(payload, Headers.EMPTY);
  }

  /**
   * Sends one message; blocks only while the window is full.
   *
   * @param payload copied before this returns
   * @throws PipeException Config with OUT_OF_RANGE when it is longer than {@link
   *     Records#PAYLOAD_BYTES_MAX}
   */
  default Sent send(byte[] payload, Headers headers) throws PipeException, InterruptedException {
    BatchWriter batch = sink().newBatch(Records.lengthBytes(payload.length, headers.lengthBytes()));
    try (batch) {
      batch.add(ByteBuffer.wrap(payload), headers);
      return new Sent(sink(), sink().write(batch));
    }
  }

  /**
   * The messages as they come, each with its {@code commit()}. What is not committed holds the
   * peer's window: who never commits gets no more than a window full. On a pipe of bytes a message
   * is what happened to come together.
   */
  default Messages messages() {
    return new Messages(source());
  }

  /**
   * The messages as they come, parsed. One that does not parse is refused for good, with its
   * position, and the next one is read: see {@link TypedMessages}. For protobuf it is {@code
   * pipe.typed(UserRequest::parseFrom)}.
   */
  default <T> TypedMessages<T> typed(TypedMessages.Parser<? extends T> parser) {
    return new TypedMessages<>(source(), parser);
  }

  /**
   * Both directions as values: what comes in as with {@link #typed(TypedMessages.Parser)}, and what
   * goes out as a formatter writes it. For protobuf it is {@code pipe.typed(UserRequest::parseFrom,
   * UserResponse::toByteArray)}.
   */
  default <I, O> TypedPipe<I, O> typed(
      TypedMessages.Parser<? extends I> parser, Function<? super O, byte[]> formatter) {
    return new TypedPipe<>(this, typed(parser), formatter);
  }

  /**
   * The messages as a publisher, for one subscriber. It reads on a virtual thread of its own, one
   * batch ahead of demand at most. Subscribers commit each message, from any thread. Cancelling
   * closes the source; a pipe that broke is {@code onError} with its {@link PipeException}.
   */
  default Flow.Publisher<Message> publisher() {
    return new MessagePublisher(source());
  }

  /**
   * A subscriber that sends what it is given; see {@link MessageSubscriber} for what its end means.
   */
  default MessageSubscriber subscriber() {
    return new MessageSubscriber(sink());
  }

  // ---------------------------------------------------------------- bytes

  /**
   * The bytes that come in. What a read returned is committed by a later one that needs more, or by
   * {@code close()}: only then has the caller dealt with it. -1 is the peer's finish, and nothing
   * else; a stream that broke off throws its {@link PipeException}. Closing before that end closes
   * the source, and with it the pipe where the peer cannot go on alone; a stream that is never
   * closed keeps its last block from being used again. An interrupt is restored and thrown as
   * {@link java.io.InterruptedIOException}. Thread rule: one thread reads, any closes.
   *
   * @throws IllegalStateException when the pipe carries messages
   */
  default InputStream inputStream() {
    return new PipeInputStream(new PipeReadChannel(this));
  }

  /**
   * The bytes that go out. Each write is handed over at once, and blocks while the window is full:
   * put a {@link java.io.BufferedOutputStream} around it for many small pieces. {@code close()}
   * finishes the stream and waits until all of it is committed; behind a write that failed it
   * aborts instead.
   *
   * <p>So close it as the last statement, and leave it to {@link Pipe#close} otherwise. A
   * try-with-resources on the stream itself closes it after an exception in its body too, and the
   * peer would take a part for the whole:
   *
   * <pre>{@code
   * try (Pipe pipe = Hostpipe.connect(address, Encoding.RAW)) {
   *   OutputStream out = pipe.outputStream();
   *   file.transferTo(out);
   *   out.close();        // finished and committed
   * }                     // or else aborted
   * }</pre>
   *
   * <p>Thread rule: one thread writes and closes; {@link Pipe#close} wakes it from any.
   *
   * @throws IllegalStateException when the pipe carries messages
   */
  default OutputStream outputStream() {
    return new PipeOutputStream(new PipeWriteChannel(this));
  }

  /**
   * The bytes that come in, as a channel; all rules of {@link #inputStream}. A read blocks until
   * there is at least one byte.
   *
   * @throws IllegalStateException when the pipe carries messages
   */
  default ReadableByteChannel readChannel() {
    return new PipeReadChannel(this);
  }

  /**
   * The bytes that go out, as a channel; all rules of {@link #outputStream}. A write blocks until
   * the whole buffer is handed over.
   *
   * @throws IllegalStateException when the pipe carries messages
   */
  default WritableByteChannel writeChannel() {
    return new PipeWriteChannel(this);
  }

  /**
   * A message on its way. Thread rule: any thread.
   *
   * @param sink where it went
   * @param endPosition the position behind it
   */
  record Sent(Sink sink, long endPosition) {
    /** Blocks until this message and all before it are committed. */
    public Committed awaitCommitted() throws PipeException, InterruptedException {
      return sink.awaitCommitted(endPosition);
    }

    /**
     * As {@link #awaitCommitted()}, for at most this long.
     *
     * @return how far it got: this message is committed when the position is not below {@link
     *     #endPosition}
     */
    public Committed awaitCommitted(Duration timeout) throws PipeException, InterruptedException {
      return sink.awaitCommitted(endPosition, timeout);
    }

    /** As {@link #awaitCommitted()}, without blocking. Fails with the pipe's PipeException. */
    public CompletionStage<Committed> whenCommitted() {
      return sink.whenCommitted(endPosition);
    }
  }
}
