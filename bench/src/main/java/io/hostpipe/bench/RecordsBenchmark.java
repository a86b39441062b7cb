package io.hostpipe.bench;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** A message into a batch, out of one, and past one: nanoseconds a message. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class RecordsBenchmark {
  private static final int MESSAGE_COUNT = 1_000;
  private static final StreamId STREAM = new StreamId("benchmark");

  /** The length of each message's payload. */
  @Param({"20", "100", "1000"})
  int payloadBytes;

  private final BlockPool pool = new BlockPool(64 << 20);
  private ByteBuffer payload = ByteBuffer.allocate(0);
  private Batch batch = new BatchWriter(pool, Encoding.RECORDS, 0).toBatch(STREAM, 0);

  /** A batch to read. */
  @Setup(Level.Trial)
  public void fill() throws PipeException {
    payload = ByteBuffer.allocateDirect(payloadBytes);
    batch.close();
    batch = filled().toBatch(STREAM, 0);
  }

  /** Gives its memory back. */
  @TearDown(Level.Trial)
  public void release() {
    batch.close();
  }

  /** {@link BatchWriter#add}. */
  @Benchmark
  @OperationsPerInvocation(MESSAGE_COUNT)
  public int add() throws PipeException {
    try (BatchWriter writer = filled()) {
      return writer.lengthBytes();
    }
  }

  /** {@link Batch#forEach}, and eight bytes of each message. */
  @Benchmark
  @OperationsPerInvocation(MESSAGE_COUNT)
  public void forEach(Blackhole blackhole) throws IOException {
    batch.forEach(
        (endPosition, message, headers) -> blackhole.consume(message.getLong(message.position())));
  }

  /** From record to record without a look at the messages: how borders are found. */
  @Benchmark
  @OperationsPerInvocation(MESSAGE_COUNT)
  public int count() {
    return batch.count();
  }

  private BatchWriter filled() throws PipeException {
    BatchWriter writer =
        new BatchWriter(pool, Encoding.RECORDS, MESSAGE_COUNT * (payloadBytes + 8));
    for (int index = 0; index < MESSAGE_COUNT; index++) {
      writer.add(payload.clear());
    }
    return writer;
  }
}
