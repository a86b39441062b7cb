package io.hostpipe.bench;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.fault.Fault;
import io.hostpipe.runtime.fault.FaultProxy;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.RetryPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * What arrives, and how often, when a link is cut again and again under a transfer; and whether the
 * sender is told when not all of it arrived.
 *
 * <p>Every eight bytes say where they belong, so what is missing and what came twice can be
 * counted.
 */
public final class Cuts {
  private static final int CUT_COUNT = 5;
  private static final int CHUNK_BYTES = 64 << 10;
  private static final Duration GIVE_UP = Duration.ofSeconds(3);

  /** Two sockets with nothing above them, as nc has them. */
  private static final String PLAIN = "plain";

  private static final Fault[] FAULTS = {Fault.RESET, Fault.FIN, Fault.TORN_FRAME};

  private Cuts() {}

  /** Words: how many rounds, how many MiB a transfer, then schemes, or {@value #PLAIN}. */
  public static void main(String[] words) throws Exception {
    int rounds = Integer.parseInt(words[0]);
    long sizeBytes = Long.parseLong(words[1]) << 20;
    Figures figures = new Figures("choosing");
    for (int index = 2; index < words.length; index++) {
      for (int round = 1; round <= rounds; round++) {
        Outcome outcome =
            words[index].equals(PLAIN)
                ? plainTransfer(sizeBytes, round)
                : transfer(words[index], sizeBytes, round);
        figures.tell("lost", words[index], round, (double) outcome.lostBytes, "bytes");
        figures.tell("twice", words[index], round, (double) outcome.twiceBytes, "bytes");
        figures.tell("told", words[index], round, outcome.told ? 1 : 0, "");
      }
    }
    // What waits for a peer that never comes back is not worth waiting for.
    Runtime.getRuntime().halt(0);
  }

  private static Outcome transfer(String scheme, long sizeBytes, int round) throws Exception {
    PipeContext context =
        PipeContext.messages(Hostpipe.pool())
            .withEncoding(Encoding.RAW)
            .withRetry(
                new RetryPolicy(
                    GIVE_UP, Integer.MAX_VALUE, Duration.ofMillis(10), Duration.ofMillis(100)));
    Path folder = Files.createTempDirectory("hostpipe-cuts");
    boolean unix = scheme.endsWith("unix");
    String name = scheme.startsWith("raw+") || unix ? "" : "/cuts";
    String place = unix ? folder.resolve("s").toString() : "127.0.0.1:0" + name;
    try (Listener listener =
            Hostpipe.listen(
                Address.parse(scheme + "-listen://" + place), context.withDirections(false, true));
        FaultProxy proxy = FaultProxy.between(front(unix, folder), back(unix, folder, listener))) {
      plan(proxy, sizeBytes, round);
      CompletableFuture<long[]> received = new CompletableFuture<>();
      Threads.start("receiver", () -> received.complete(receive(listener)));
      String there = unix ? folder.resolve("p").toString() : hostPort(proxy.address()) + name;
      boolean told =
          !send(
              Address.parse(scheme + "://" + there),
              context.withDirections(true, false),
              sizeBytes);
      long[] counts = received.get();
      return new Outcome(sizeBytes - counts[0], counts[1], told);
    }
  }

  private static void plan(FaultProxy proxy, long sizeBytes, int round) {
    for (int cut = 1; cut <= CUT_COUNT; cut++) {
      proxy.cutAt(sizeBytes * cut / (CUT_COUNT + 1) + round, FAULTS[cut % FAULTS.length]);
    }
  }

  private static Outcome plainTransfer(long sizeBytes, int round) throws Exception {
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (ServerSocketChannel listener = ServerSocketChannel.open().bind(anyPort);
        FaultProxy proxy = FaultProxy.to((InetSocketAddress) listener.getLocalAddress())) {
      plan(proxy, sizeBytes, round);
      CompletableFuture<Long> received = new CompletableFuture<>();
      Threads.start("receiver", () -> received.complete(receivePlain(listener)));
      boolean told = false;
      try (SocketChannel channel = SocketChannel.open(proxy.address())) {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
        for (long position = 0; position < sizeBytes; position += CHUNK_BYTES) {
          chunk.clear();
          while (chunk.hasRemaining()) {
            channel.write(chunk);
          }
        }
      } catch (IOException e) {
        told = true;
      }
      return new Outcome(sizeBytes - received.get(), 0, told);
    }
  }

  private static long receivePlain(ServerSocketChannel listener) throws IOException {
    long receivedBytes = 0;
    try (SocketChannel channel = listener.accept()) {
      ByteBuffer bytes = ByteBuffer.allocate(CHUNK_BYTES);
      int readBytes = channel.read(bytes);
      while (readBytes >= 0) {
        receivedBytes += readBytes;
        readBytes = channel.read(bytes.clear());
      }
    } catch (SocketException e) {
      // What came before the reset is what counts.
      return receivedBytes;
    }
    return receivedBytes;
  }

  private static SocketAddress front(boolean unix, Path folder) {
    return unix
        ? UnixDomainSocketAddress.of(folder.resolve("p"))
        : new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static SocketAddress back(boolean unix, Path folder, Listener listener) {
    return unix
        ? UnixDomainSocketAddress.of(folder.resolve("s"))
        : new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.address().port());
  }

  private static String hostPort(InetSocketAddress address) {
    return address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  /** Whether the sender believes that all has arrived. */
  private static boolean send(Address address, PipeContext context, long sizeBytes)
      throws InterruptedException {
    try (Pipe pipe = Hostpipe.connect(address, context)) {
      ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
      for (long position = 0; position < sizeBytes; position += CHUNK_BYTES) {
        chunk.clear();
        for (int index = 0; index < CHUNK_BYTES; index += Long.BYTES) {
          chunk.putLong(index, position + index);
        }
        try (BatchWriter batch = pipe.sink().newBatch(CHUNK_BYTES)) {
          batch.add(chunk);
          pipe.sink().write(batch);
        }
      }
      pipe.sink().finish();
      return true;
    } catch (PipeException e) {
      return false;
    }
  }

  /** How many different bytes came, and how many came again. */
  private static long[] receive(Listener listener) throws PipeException, InterruptedException {
    long[] counts = new long[2];
    try (Pipe pipe = listener.accept()) {
      ByteBuffer word = ByteBuffer.allocate(Long.BYTES);
      while (true) {
        try (Batch batch = pipe.source().read()) {
          if (batch == null) {
            break;
          }
          for (ByteBuffer bytes = batch.bytes(); bytes.hasRemaining(); ) {
            word.put(bytes.get());
            if (!word.hasRemaining()) {
              counts[word.flip().getLong() == counts[0] ? 0 : 1] += Long.BYTES;
              word.clear();
            }
          }
          pipe.source().commit(batch.endPosition());
        }
      }
    } catch (PipeException e) {
      // What came until then is what counts.
      return counts;
    }
    return counts;
  }

  private record Outcome(long lostBytes, long twiceBytes, boolean told) {}
}
