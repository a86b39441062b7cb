package io.hostpipe.cli;

import io.hostpipe.Framing;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * The three measurements of a bench, each over a link of its own.
 *
 * <p>Latency is measured with an open loop: requests leave by a schedule, whether or not answers
 * come, and each is counted from when it should have left. So a stall that would have delayed a
 * hundred requests counts a hundred times, and not once (no coordinated omission).
 */
final class BenchMeasurement {
  private static final long LATENCY_NANOS_MAX = TimeUnit.MINUTES.toNanos(1);
  private static final int LATENCY_DIGITS = 3;

  /** A sleeping thread wakes late by about so much: the rest of the wait is spent awake. */
  private static final long SLEEP_EARLY_NANOS = 100_000;

  private final BenchOptions options;
  private final String where;

  BenchMeasurement(BenchOptions options, String where) {
    this.options = options;
    this.where = where;
  }

  /**
   * Bytes or messages in one direction, as fast as they go.
   *
   * @param bytes that the other side counted
   * @param messages that it counted
   * @param nanos from the first byte to its answer
   * @param cpuNanosHere processor time of this process meanwhile
   * @param cpuNanosThere of the other one
   * @param residentBytesThere the most memory that the other one has had
   */
  record Flow(
      long bytes,
      long messages,
      long nanos,
      long cpuNanosHere,
      long cpuNanosThere,
      long residentBytesThere) {}

  /** As many bytes as fit into the time. */
  Flow bytes(BenchLink link, Duration duration) throws IOException, InterruptedException {
    byte[] chunk = new byte[Bench.CHUNK_BYTES];
    new SplittableRandom(1).nextBytes(chunk);
    return flow(link, Bench.SINK, ByteBuffer.wrap(chunk), duration);
  }

  /** As many messages as fit into the time, many in one write. */
  Flow messages(BenchLink link, Duration duration) throws IOException, InterruptedException {
    ByteBuffer chunk = ByteBuffer.allocate(Bench.CHUNK_BYTES);
    ByteBuffer message = ByteBuffer.allocate(options.messageBytes());
    while (chunk.remaining() >= Framing.U32.encodedLengthBytes(message.capacity())) {
      Framing.U32.encode(message.clear(), chunk);
    }
    return flow(link, Bench.COUNT, chunk.flip(), duration);
  }

  private Flow flow(BenchLink link, String mode, ByteBuffer chunk, Duration duration)
      throws IOException, InterruptedException {
    try (link) {
      Bench.begin(link, mode, where);
      long cpuNanos = Bench.cpuNanos();
      long startNanos = System.nanoTime();
      long sentBytes = 0;
      while (System.nanoTime() - startNanos < duration.toNanos()) {
        link.write(chunk.duplicate());
        sentBytes += chunk.remaining();
      }
      link.finish();
      Map<String, Long> report = Bench.awaitReport(link, where);
      long nanos = System.nanoTime() - startNanos;
      long cameBytes = report.getOrDefault("bytes", 0L);
      if (cameBytes != sentBytes) {
        throw new PipeException.DataLoss(
            where + ": " + sentBytes + " bytes were sent, and " + cameBytes + " came");
      }
      return new Flow(
          cameBytes,
          report.getOrDefault("messages", 0L),
          nanos,
          Bench.cpuNanos() - cpuNanos,
          report.getOrDefault("cpu-nanos", 0L),
          report.getOrDefault("resident-bytes", 0L));
    }
  }

  /** Requests by a schedule, and how long after their time their answers came. */
  Histogram latency(BenchLink link, Duration duration) throws IOException, InterruptedException {
    long count = Math.max(1, duration.toNanos() / intervalNanos());
    try (link) {
      Bench.begin(link, Bench.ECHO, where);
      long startNanos = System.nanoTime() + intervalNanos();
      CompletableFuture<Histogram> answers = new CompletableFuture<>();
      Thread reader =
          Thread.ofPlatform()
              .name("hostpipe-bench-answers")
              .start(() -> {
                try {
                  answers.complete(readAnswers(link, startNanos, count));
                } catch (IOException | InterruptedException | RuntimeException e) {
                  answers.completeExceptionally(e);
                }
              });
      try {
        sendRequests(link, startNanos, count);
        link.finish();
        return answers.get();
      } catch (ExecutionException e) {
        throw e.getCause() instanceof IOException known ? known : new IOException(e.getCause());
      } finally {
        reader.interrupt();
      }
    }
  }

  private void sendRequests(BenchLink link, long startNanos, long count)
      throws IOException, InterruptedException {
    ByteBuffer request = ByteBuffer.allocate(options.requestBytes());
    for (long number = 0; number < count; number++) {
      awaitTime(startNanos + number * intervalNanos());
      link.write(request.clear().putLong(0, number));
    }
  }

  private Histogram readAnswers(BenchLink link, long startNanos, long count)
      throws IOException, InterruptedException {
    Histogram histogram = new Histogram(LATENCY_NANOS_MAX, LATENCY_DIGITS);
    ByteBuffer answer = ByteBuffer.allocate(options.requestBytes());
    for (ByteBuffer bytes = link.next(); bytes != null; bytes = link.next()) {
      long nowNanos = System.nanoTime();
      while (bytes.hasRemaining()) {
        int lengthBytes = Math.min(bytes.remaining(), answer.remaining());
        answer.put(bytes.slice(bytes.position(), lengthBytes));
        bytes.position(bytes.position() + lengthBytes);
        if (!answer.hasRemaining()) {
          long number = answer.clear().getLong(0);
          if (number != histogram.getTotalCount()) {
            throw new PipeException.DataLoss(
                where + ": answer " + number + " came for request " + histogram.getTotalCount());
          }
          long nanos = nowNanos - (startNanos + number * intervalNanos());
          histogram.recordValue(Math.clamp(nanos, 0, LATENCY_NANOS_MAX));
        }
      }
    }
    if (histogram.getTotalCount() != count) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          where
              + ": "
              + histogram.getTotalCount()
              + " of "
              + count
              + " requests were answered; does a bench answer there?");
    }
    return histogram;
  }

  private long intervalNanos() {
    return TimeUnit.SECONDS.toNanos(1) / options.ratePerSecond();
  }

  private static void awaitTime(long nanos) throws InterruptedException {
    long restNanos = nanos - System.nanoTime();
    while (restNanos > 0) {
      if (restNanos > SLEEP_EARLY_NANOS) {
        LockSupport.parkNanos(restNanos - SLEEP_EARLY_NANOS);
      } else {
        Thread.onSpinWait();
      }
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      restNanos = nanos - System.nanoTime();
    }
  }
}
