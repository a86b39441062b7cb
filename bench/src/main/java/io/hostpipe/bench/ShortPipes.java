package io.hostpipe.bench;

import io.hostpipe.Address;
import io.hostpipe.Hostpipe;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A short pipe: opened, one message of 64 bytes, its end confirmed by the reader in another JVM,
 * closed. With and without a pool of links; run by {@link Pool}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class ShortPipes {
  /** The property with the file that gets one line an iteration: the connections that it made. */
  static final String CONNECTIONS_FILE = "hostpipe.bench.connections";

  private static final byte[] MESSAGE = new byte[64];
  private static final Path COUNTERS = Path.of("/proc/net/snmp");
  private static final PipeContext CONTEXT =
      PipeContext.messages(Hostpipe.pool()).withDirections(true, false);

  /** How many links are kept; 0 is without a pool. */
  @Param("0")
  public int poolMax;

  @SuppressWarnings("NullAway.Init") // JMH calls start() before all else
  private OtherJvm other;

  @SuppressWarnings("NullAway.Init")
  private Address address;

  private long connections;

  /** Starts the other JVM. */
  @Setup
  public void start() throws IOException, PipeException {
    other = OtherJvm.start(Pool.class, List.of("serve"));
    address = Address.parse("tcp://127.0.0.1:" + other.line() + "/short?pool-max=" + poolMax);
  }

  /** Ends it. */
  @TearDown
  public void end() {
    other.close();
  }

  /** Before the pipes of one iteration. */
  @Setup(Level.Iteration)
  public void countFrom() throws IOException {
    connections = activeOpens();
  }

  /** Tells how many connections they have made. */
  @TearDown(Level.Iteration)
  public void tellCount() throws IOException {
    Files.writeString(
        Path.of(System.getProperty(CONNECTIONS_FILE)),
        activeOpens() - connections + "\n",
        StandardOpenOption.APPEND);
  }

  /** One pipe. */
  @Benchmark
  public void pipe() throws PipeException, InterruptedException {
    try (Pipe pipe = Hostpipe.connect(address, CONTEXT)) {
      pipe.send(MESSAGE);
      pipe.sink().finish();
    }
  }

  /** TCP connections that this network namespace has dialed, as its kernel counts them. */
  private static long activeOpens() throws IOException {
    List<String> tcp =
        Files.readAllLines(COUNTERS).stream().filter(line -> line.startsWith("Tcp:")).toList();
    int column = List.of(tcp.getFirst().split(" ", -1)).indexOf("ActiveOpens");
    return Long.parseLong(tcp.getLast().split(" ", -1)[column]);
  }
}
