package io.hostpipe.bench;

import io.hostpipe.Digest;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The stream's digest over one run of bytes, and over two that are joined. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class DigestBenchmark {
  /** The length of the run: a small message, a batch of messages, a block. */
  @Param({"64", "262144", "1048576"})
  int lengthBytes;

  private ByteBuffer bytes = ByteBuffer.allocate(0);
  private Digest digest = new Digest(1, 2);
  private long joinedBytes = 1;

  /** The run. */
  @Setup
  public void fill() {
    bytes = ByteBuffer.allocateDirect(lengthBytes);
  }

  /** {@link Digest#extend} by the run. */
  @Benchmark
  public Digest extend() {
    digest = digest.extend(bytes);
    return digest;
  }

  /** {@link Digest#join} with a length that was not the last one's. */
  @Benchmark
  public Digest join() {
    joinedBytes ^= lengthBytes;
    digest = digest.join(digest, joinedBytes + 1);
    return digest;
  }
}
