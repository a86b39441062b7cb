package io.hostpipe.connector.tcp.raw;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.spi.RetryPolicy;
import io.hostpipe.testkit.InParallel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;

/** Raw ends and foreign programs of one test, closed with it. */
final class RawPlace implements AutoCloseable {
  static final RetryPolicy RETRY =
      new RetryPolicy(
          Duration.ofSeconds(150), Integer.MAX_VALUE, Duration.ofMillis(5), Duration.ofMillis(50));

  private static final int CHUNK_BYTES = 64 << 10;

  final BlockPool pool = new BlockPool(8 << 20);
  final List<String> told = new CopyOnWriteArrayList<>();
  final RawConnector connector = new RawConnector();
  private final List<AutoCloseable> opened = new ArrayList<>();

  PipeContext bothWays() {
    return PipeContext.messages(pool)
        .withEncoding(Encoding.RAW)
        .withRetry(RETRY)
        .withEvents(events());
  }

  PipeContext sending() {
    return bothWays().withDirections(true, false);
  }

  PipeContext receiving() {
    return bothWays().withDirections(false, true);
  }

  Listener listen(String address, PipeContext context) throws PipeException {
    Listener listener = connector.listen(Address.parse(address), context);
    opened.add(listener);
    return listener;
  }

  Listener listen(PipeContext context) throws PipeException {
    return listen("raw+tcp-listen://:0", context);
  }

  Pipe dial(String address, PipeContext context) throws PipeException {
    Pipe pipe = connector.connect(Address.parse(address), context);
    opened.add(pipe);
    return pipe;
  }

  Pipe dial(int port, PipeContext context) throws PipeException {
    return dial("raw+tcp://127.0.0.1:" + port, context);
  }

  Pipe accept(Listener listener) throws PipeException, InterruptedException {
    Pipe pipe = listener.accept();
    opened.add(pipe);
    return pipe;
  }

  /** A program that ends with the test at the latest. */
  Process start(ProcessBuilder builder) throws IOException {
    Process process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    opened.add(process::destroyForcibly);
    return process;
  }

  /** Whatever else is to be closed with the test. */
  <T extends AutoCloseable> T keep(T one) {
    opened.add(one);
    return one;
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  static byte[] random(int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    new Random(lengthBytes).nextBytes(bytes);
    return bytes;
  }

  /** Writes all of it, without ending the stream. */
  static void write(Sink sink, byte[] bytes) throws PipeException, InterruptedException {
    for (int from = 0; from < bytes.length; from += CHUNK_BYTES) {
      int lengthBytes = Math.min(CHUNK_BYTES, bytes.length - from);
      try (BatchWriter batch = sink.newBatch(lengthBytes)) {
        batch.add(ByteBuffer.wrap(bytes, from, lengthBytes));
        sink.write(batch);
      }
    }
  }

  /** Reads to the end of the stream and commits it. */
  static byte[] readAll(Source source) throws PipeException, InterruptedException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (Batch batch = source.read(); batch != null; batch = source.read()) {
      take(batch, all);
    }
    source.commit(all.size());
    return all.toByteArray();
  }

  static void take(Batch batch, ByteArrayOutputStream all) {
    try (batch) {
      byte[] bytes = new byte[batch.lengthBytes()];
      batch.bytes().get(bytes);
      all.writeBytes(bytes);
    }
  }

  private PipeEvents events() {
    return new PipeEvents() {
      @Override
      public void linkUp(String peer, long position) {
        told.add("up");
      }

      @Override
      public void linkDown(String peer, String reason, Duration retryIn) {
        told.add("down: " + reason);
      }

      @Override
      public void warning(String text) {
        told.add("warning: " + text);
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
