package io.hostpipe.runtime;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.runtime.access.Access;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RetryPolicy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Two hosts in one process: a port with its listeners, and pipes that dial it. */
final class Hosts implements AutoCloseable {
  static final SessionOptions OPTIONS =
      new SessionOptions(
          Duration.ofMillis(200),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          8L << 20,
          0,
          Duration.ofSeconds(150),
          Access.OPEN,
          1_000_000);

  static final RetryPolicy RETRY =
      new RetryPolicy(
          Duration.ofSeconds(60), Integer.MAX_VALUE, Duration.ofMillis(1), Duration.ofMillis(20));

  final MemoryNetwork network = new MemoryNetwork();
  final BlockPool pool = new BlockPool(1 << 20);
  final Told dialerTold = new Told();
  final Told listenerTold = new Told();
  final SessionPort port;

  private final SessionOptions options;
  private final List<Runnable> closings = new ArrayList<>();

  Hosts() {
    this(OPTIONS);
  }

  Hosts(SessionOptions options) {
    this(options, Ticker.SHARED);
  }

  /** With another clock for who waits to be greeted. */
  Hosts(SessionOptions options, Timekeeper time) {
    this.options = options;
    this.port = new SessionPort(network, options, pool, listenerTold, time);
    port.start();
  }

  PipeContext messages() {
    return PipeContext.messages(pool).withRetry(RETRY).withEvents(dialerTold);
  }

  PipeContext raw() {
    return messages().withEncoding(Encoding.RAW);
  }

  SessionListener listen(String name, int backlog) throws PipeException {
    return listen(name, backlog, messages());
  }

  SessionListener listen(String name, int backlog, PipeContext context) throws PipeException {
    SessionListener made =
        new SessionListener(
            name,
            Address.parse("tcp-listen://memory:9000/" + name),
            context.withEvents(listenerTold),
            options,
            backlog);
    made.whenUnused(() -> port.remove(made));
    port.add(made);
    closings.add(made::close);
    return made;
  }

  Pipe dial(String name) throws PipeException {
    return dial(name, messages());
  }

  Pipe dial(String name, PipeContext context) throws PipeException {
    Pipe pipe =
        Sessions.connect(name, "tcp://memory:9000/" + name, network.dialer(), context, options);
    closings.add(pipe::close);
    return pipe;
  }

  /** The next pipe of this listener. */
  Pipe accept(SessionListener listener) throws PipeException, InterruptedException {
    Pipe pipe = listener.accept();
    closings.add(pipe::close);
    return pipe;
  }

  /** Sends so many bytes of a pattern, and checks and commits them at the other end. */
  static void move(Pipe from, Pipe to, long lengthBytes) throws Exception {
    CompletableFuture<Void> sent = sendPattern(from, lengthBytes);
    receivePattern(to, lengthBytes);
    sent.get();
  }

  /** Sends so many bytes of a pattern on a thread of its own; done when they are committed. */
  static CompletableFuture<Void> sendPattern(Pipe pipe, long lengthBytes) {
    return inBackground(() -> {
      long end = pipe.sink().resume().position() + lengthBytes;
      long position = end - lengthBytes;
      while (position < end) {
        BatchWriter batch = pipe.sink().newBatch(64 << 10);
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(64 << 10, end - position));
        for (int index = 0; index < bytes.limit(); index++) {
          bytes.put(index, pattern(position + index));
        }
        batch.add(bytes);
        position = pipe.sink().write(batch);
      }
      pipe.sink().awaitCommitted(end);
    });
  }

  /**
   * Reads up to this position at least, compares what comes with the pattern and commits it.
   *
   * @return the position that was reached
   */
  static long receivePattern(Pipe pipe, long end) throws Exception {
    long position = 0;
    while (position < end) {
      Batch batch = pipe.source().read();
      if (batch == null) {
        throw new AssertionError("the stream ended at " + position + ", before " + end);
      }
      try (batch) {
        position = batch.position();
        ByteBuffer bytes = batch.bytes();
        for (; bytes.hasRemaining(); position++) {
          if (bytes.get() != pattern(position)) {
            throw new AssertionError("another byte at position " + position);
          }
        }
        pipe.source().commit(position);
      }
    }
    return position;
  }

  /** Runs on a virtual thread; the future fails with what it throws. */
  static CompletableFuture<Void> inBackground(Work work) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            work.run();
            done.complete(null);
          } catch (Throwable e) {
            done.completeExceptionally(e);
          }
        });
    return done;
  }

  /** What {@link #inBackground} runs. */
  interface Work {
    void run() throws Exception;
  }

  private static byte pattern(long position) {
    return (byte) (position * 31 + (position >>> 8));
  }

  /** The next batch as bytes, without its envelopes and uncommitted; empty at the end. */
  static byte[] next(Source source) throws Exception {
    Batch batch = source.read();
    if (batch == null) {
      return new byte[0];
    }
    try (batch) {
      ByteBuffer all = ByteBuffer.allocate(batch.lengthBytes());
      batch.forEach((end, payload, headers) -> all.put(payload));
      byte[] bytes = new byte[all.flip().remaining()];
      all.get(bytes);
      return bytes;
    }
  }

  @Override
  public void close() {
    // Links first: nobody waits for the farewell of a peer that is closed after him.
    network.close();
    closings.reversed().forEach(Runnable::run);
    port.close();
  }
}
