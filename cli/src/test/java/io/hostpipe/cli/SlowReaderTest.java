package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.runtime.tls.Identity;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A program behind a pipe that reads nothing for a while: the sender stands, and nobody's memory
 * grows.
 */
@Timeout(360)
final class SlowReaderTest {
  private static final long FILE_BYTES = 128L << 20;

  /** The window, what the transport and the sockets hold at both sides, and what was read ahead. */
  private static final long UNDER_WAY_BYTES_MAX = 64L << 20;

  private static final long RESIDENT_BYTES_MAX = 192L << 20;

  /** The launcher's: who needed more would be killed. */
  private static final Map<String, String> MEMORY =
      Map.of("JAVA_TOOL_OPTIONS", "-Xmx40m -XX:MaxDirectMemorySize=48m -XX:+UseSerialGC");

  /** How long nothing has to move until it counts as standing. */
  private static final long STILL_NANOS = TimeUnit.SECONDS.toNanos(3);

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"tcp", "ws", "grpc", "grpcs"})
  void stopsTheSenderAndGrowsNobodysMemory(String scheme) throws Exception {
    Path file = folder.resolve("file");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(FILE_BYTES);
    }
    Path fifo = folder.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    boolean secure = scheme.equals("grpcs");
    Path key = folder.resolve("identity.pem");
    String cert = secure ? "cert=" + key : "window=8MiB";
    String pin = secure ? "peer=" + Identity.ofHost(key).fingerprint() : "window=8MiB";
    try (CommandProcess receiver =
        CommandProcess.start(MEMORY, scheme + "-listen://127.0.0.1:0/x", cert, fifo.toString())) {
      int port = receiver.awaitPort();
      try (CommandProcess sender =
              CommandProcess.start(
                  MEMORY, file.toString(), scheme + "://127.0.0.1:" + port + "/x", pin);
          InputStream reader = Files.newInputStream(fifo)) {
        assertThat(reader.read()).isZero();
        awaitStanding(sender);
        assertThat(readBytes(sender)).as("what left the file").isLessThan(UNDER_WAY_BYTES_MAX);
        assertThat(mostResidentBytes(sender)).isLessThan(RESIDENT_BYTES_MAX);
        assertThat(mostResidentBytes(receiver)).isLessThan(RESIDENT_BYTES_MAX);
        assertThat(restOf(reader)).isEqualTo(FILE_BYTES - 1);
        assertThat(sender.exitCode()).as(sender::err).isZero();
        assertThat(receiver.exitCode()).as(receiver::err).isZero();
      }
    }
  }

  /** A machine under load may make this too early, which proves less and fails nobody. */
  private static void awaitStanding(CommandProcess sender) {
    long[] last = {0, System.nanoTime()};
    Waiting.until(() -> {
      long now = readBytes(sender);
      if (now != last[0]) {
        last[0] = now;
        last[1] = System.nanoTime();
      }
      return now > UNDER_WAY_BYTES_MAX || (now > 0 && System.nanoTime() - last[1] > STILL_NANOS);
    });
  }

  /** What the process has read, whatever it was: its jars, too, which the bound leaves room for. */
  private static long readBytes(CommandProcess process) throws IOException {
    return number(process, "io", "rchar:", 1);
  }

  private static long mostResidentBytes(CommandProcess process) throws IOException {
    return number(process, "status", "VmHWM:", 1 << 10);
  }

  private static long number(CommandProcess process, String file, String name, long unit)
      throws IOException {
    for (String line :
        Files.readAllLines(Path.of("/proc", Long.toString(process.process().pid()), file))) {
      if (line.startsWith(name)) {
        return unit * Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new AssertionError("no " + name);
  }

  private static long restOf(InputStream reader) throws IOException {
    byte[] block = new byte[1 << 20];
    long total = 0;
    for (int length = reader.read(block); length >= 0; length = reader.read(block)) {
      total += length;
    }
    return total;
  }
}
