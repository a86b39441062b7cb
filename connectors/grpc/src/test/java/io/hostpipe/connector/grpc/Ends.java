package io.hostpipe.connector.grpc;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.runtime.fault.FaultProxy;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.InParallel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Listeners, dialers and proxies of one test, with short times, closed with it; and a stream whose
 * every eight bytes say where they belong, so that a loss, a double or an exchange cannot hide.
 */
final class Ends implements AutoCloseable {
  static final String SHORT = "heartbeat=100ms&handshake=2s&linger=3s";

  static final RetryPolicy RETRY =
      new RetryPolicy(
          Duration.ofSeconds(60), Integer.MAX_VALUE, Duration.ofMillis(5), Duration.ofMillis(50));

  private static final int CHUNK_BYTES = 64 << 10;

  final BlockPool pool = new BlockPool(8 << 20);
  final List<String> dialerTold = new CopyOnWriteArrayList<>();
  final List<String> listenerTold = new CopyOnWriteArrayList<>();
  private final Connector connector = new GrpcConnector();
  private final List<AutoCloseable> opened = new ArrayList<>();

  PipeContext messages() {
    return PipeContext.messages(pool).withRetry(RETRY);
  }

  PipeContext raw() {
    return messages().withEncoding(Encoding.RAW);
  }

  Listener listen(String name, PipeContext context) throws PipeException {
    return listen(name, SHORT, context);
  }

  Listener listen(String name, String options, PipeContext context) throws PipeException {
    Address address = Address.parse("grpc-listen://127.0.0.1:0/" + name + "?" + options);
    Listener listener = connector.listen(address, context.withEvents(told(listenerTold)));
    opened.add(listener);
    return listener;
  }

  Listener listenAlso(Listener first, String name, PipeContext context) throws PipeException {
    String place = "grpc-listen://127.0.0.1:" + first.address().port() + "/" + name + "?" + SHORT;
    Listener listener =
        connector.listen(Address.parse(place), context.withEvents(told(listenerTold)));
    opened.add(listener);
    return listener;
  }

  Pipe dial(FaultProxy proxy, String name, PipeContext context) throws PipeException {
    return dial(((InetSocketAddress) proxy.place()).getPort(), name, context);
  }

  Pipe dial(Listener listener, String name, PipeContext context) throws PipeException {
    return dial(listener.address().port(), name, context);
  }

  Pipe dial(int port, String name, PipeContext context) throws PipeException {
    return dial(port, name, SHORT, context);
  }

  Pipe dial(int port, String name, String options, PipeContext context) throws PipeException {
    Address address = Address.parse("grpc://127.0.0.1:" + port + "/" + name + "?" + options);
    Pipe pipe = connector.connect(address, context.withEvents(told(dialerTold)));
    opened.add(pipe);
    return pipe;
  }

  Pipe accept(Listener listener) throws PipeException, InterruptedException {
    Pipe pipe = listener.accept();
    opened.add(pipe);
    return pipe;
  }

  FaultProxy proxyTo(Listener listener) throws IOException {
    FaultProxy proxy = FaultProxy.to(at(listener));
    opened.add(proxy);
    return proxy;
  }

  static InetSocketAddress at(Listener listener) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.address().port());
  }

  /** Sends so much of the stream, waits until it is committed and ends it; the digest. */
  static InParallel<Digest> sendAll(Pipe pipe, long lengthBytes) {
    return InParallel.run(() -> {
      Sink sink = pipe.sink();
      Digest digest = send(sink, lengthBytes);
      sink.finish();
      return digest;
    });
  }

  /** Sends so much more of the stream; its digest from there on. */
  static Digest send(Sink sink, long lengthBytes) throws PipeException, InterruptedException {
    Digest digest = Digest.EMPTY;
    long position = sink.resume().position();
    long end = position + lengthBytes;
    byte[] chunk = new byte[CHUNK_BYTES];
    ByteBuffer view = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
    while (position < end) {
      int chunkBytes = (int) Math.min(CHUNK_BYTES, end - position);
      fill(view, position, chunkBytes);
      digest = digest.extend(ByteBuffer.wrap(chunk, 0, chunkBytes));
      try (BatchWriter batch = sink.newBatch(CHUNK_BYTES)) {
        batch.add(ByteBuffer.wrap(chunk, 0, chunkBytes));
        position = sink.write(batch);
      }
    }
    return digest;
  }

  /** Reads the stream to its end, compares each byte, and commits with the digest of all. */
  static long receiveAll(Source source) throws PipeException, InterruptedException {
    return receiveUpTo(source, Long.MAX_VALUE);
  }

  /** Reads and commits the stream up to this position at least, or to its end. */
  static long receiveUpTo(Source source, long end) throws PipeException, InterruptedException {
    long position = -1;
    while (position < end) {
      Batch batch = source.read();
      if (batch == null) {
        break;
      }
      try (batch) {
        if (position >= 0 && batch.position() != position) {
          throw new AssertionError(batch + " does not follow on " + position);
        }
        check(batch.bytes(), batch.position());
        position = batch.endPosition();
      }
      source.commit(position);
    }
    return Math.max(0, position);
  }

  /** Part of the stream. */
  static byte[] bytesAt(long position, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    for (int index = 0; index < lengthBytes; index++) {
      bytes[index] = byteAt(position + index);
    }
    return bytes;
  }

  private static void fill(ByteBuffer view, long position, int lengthBytes) {
    if ((position & 7) != 0 || (lengthBytes & 7) != 0) {
      for (int index = 0; index < lengthBytes; index++) {
        view.put(index, byteAt(position + index));
      }
      return;
    }
    for (int index = 0; index < lengthBytes; index += 8) {
      view.putLong(index, wordAt(position + index));
    }
  }

  private static void check(ByteBuffer bytes, long start) {
    ByteBuffer view = bytes.order(ByteOrder.LITTLE_ENDIAN);
    long position = start;
    while (view.hasRemaining()) {
      if ((position & 7) == 0 && view.remaining() >= 8) {
        if (view.getLong() != wordAt(position)) {
          throw new AssertionError("other bytes at position " + position);
        }
        position += 8;
      } else {
        if (view.get() != byteAt(position)) {
          throw new AssertionError("another byte at position " + position);
        }
        position++;
      }
    }
  }

  private static byte byteAt(long position) {
    return (byte) (wordAt(position & ~7L) >>> ((position & 7) * 8));
  }

  /** A mixture of the position, such that no two words of a test are alike. */
  private static long wordAt(long position) {
    long mixed = (position + 1) * 0x9E37_79B9_7F4A_7C15L;
    return mixed ^ (mixed >>> 29);
  }

  private static PipeEvents told(List<String> lines) {
    return new PipeEvents() {
      @Override
      public void linkUp(String peer, long position) {
        lines.add("up at " + position);
      }

      @Override
      public void linkDown(String peer, String reason, Duration retryIn) {
        lines.add("down: " + reason);
      }

      @Override
      public void warning(String text) {
        lines.add("warning: " + text);
      }
    };
  }

  @Override
  public void close() {
    for (AutoCloseable each : opened.reversed()) {
      try {
        each.close();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
    InParallel.await(() -> pool.takenBytes() == 0);
  }
}
