package io.hostpipe.cli;

import io.hostpipe.FrameDecoder;
import io.hostpipe.Framing;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the two sides of a bench say to each other.
 *
 * <p>Who measures begins with {@value #HEAD_BYTES} bytes: {@code hostpipe-bench 1 MODE}, padded
 * with spaces, and begins when the other side has said that it is ready. In mode {@code sink} the
 * rest is taken and counted, in mode {@code count} it is taken apart into messages with a u32
 * length prefix; at its end the other side answers one line of {@code name=value}: what came, and
 * what it cost there. In mode {@code echo} all comes back.
 */
final class Bench {
  /** How much is written at a time where only bytes count. */
  static final int CHUNK_BYTES = 256 << 10;

  static final String SINK = "sink";
  static final String COUNT = "count";
  static final String ECHO = "echo";

  private static final String GREETING = "hostpipe-bench 1 ";
  private static final byte READY = '+';
  private static final int HEAD_BYTES = 32;
  private static final int REPORT_BYTES_MAX = 1_000;

  private Bench() {}

  /** Says what is to be done, and waits until the other side is ready to do it. */
  static void begin(BenchLink link, String mode, String where)
      throws IOException, InterruptedException {
    String head = String.format(Locale.ROOT, "%-" + HEAD_BYTES + "s", GREETING + mode);
    link.write(ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
    ByteBuffer ready = link.next();
    if (ready == null || ready.remaining() != 1 || ready.get() != READY) {
      throw nobodyAnswers(where);
    }
  }

  private static PipeException nobodyAnswers(String where) {
    return new PipeException.Refused(
        Status.FAILED_PRECONDITION,
        where
            + ": nobody answers a bench there; start one on the other side, as in"
            + " hostpipe bench tcp-listen://127.0.0.1:9000/bench");
  }

  /** The whole of the answering side: does what it is told, to the end. */
  static void answer(BenchLink link) throws IOException, InterruptedException {
    Counter counter = new Counter();
    ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES);
    String mode = null;
    for (ByteBuffer bytes = link.next(); bytes != null; bytes = link.next()) {
      if (mode == null) {
        int lengthBytes = Math.min(head.remaining(), bytes.remaining());
        head.put(bytes.slice(bytes.position(), lengthBytes));
        bytes.position(bytes.position() + lengthBytes);
        if (!head.hasRemaining()) {
          mode = modeOf(head);
          link.write(ByteBuffer.wrap(new byte[] {READY}));
        }
      }
      if (mode != null) {
        counter.take(bytes, mode);
        if (mode.equals(ECHO) && bytes.hasRemaining()) {
          link.write(bytes);
        }
      }
    }
    if (mode != null && !mode.equals(ECHO)) {
      link.write(ByteBuffer.wrap(counter.report().getBytes(StandardCharsets.US_ASCII)));
    }
    link.finish();
  }

  private static String modeOf(ByteBuffer head) throws PipeException {
    String text = StandardCharsets.US_ASCII.decode(head.duplicate().flip()).toString().trim();
    if (!text.startsWith(GREETING)) {
      throw new PipeException.Refused(
          Status.INVALID_ARGUMENT, "who came does not bench; measure with: hostpipe bench ADDR");
    }
    return text.substring(GREETING.length());
  }

  /** What the other side counted; sent at the end of its input. */
  static Map<String, Long> awaitReport(BenchLink link, String where)
      throws IOException, InterruptedException {
    StringBuilder text = new StringBuilder();
    for (ByteBuffer bytes = link.next(); bytes != null; bytes = link.next()) {
      text.append(StandardCharsets.US_ASCII.decode(bytes));
      if (text.length() > REPORT_BYTES_MAX) {
        break;
      }
    }
    Map<String, Long> report = new HashMap<>();
    try {
      for (String field : text.toString().trim().split(" ", -1)) {
        int equals = field.indexOf('=');
        report.put(field.substring(0, equals), Long.parseLong(field.substring(equals + 1)));
      }
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw nobodyAnswers(where);
    }
    return report;
  }

  /** Processor time of this process so far. */
  static long cpuNanos() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
  }

  /** The most memory that this process has had resident; 0 where the system does not tell. */
  static long residentBytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) {
          return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
        }
      }
    } catch (IOException e) {
      // Another system than Linux.
    }
    return 0;
  }

  /** What came, and what it cost. */
  private static final class Counter {
    private final long startCpuNanos = cpuNanos();
    private final FrameDecoder decoder = Framing.U32.decoder();
    private long bytes;
    private long messages;

    void take(ByteBuffer came, String mode) throws PipeException {
      bytes += came.remaining();
      if (mode.equals(COUNT)) {
        @Nullable ByteBuffer message = decoder.next(came);
        while (message != null) {
          messages++;
          message = decoder.next(came);
        }
      }
    }

    String report() {
      return "bytes="
          + bytes
          + " messages="
          + messages
          + " cpu-nanos="
          + (cpuNanos() - startCpuNanos)
          + " resident-bytes="
          + residentBytes()
          + "\n";
    }
  }
}
