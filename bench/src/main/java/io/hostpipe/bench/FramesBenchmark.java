package io.hostpipe.bench;

import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameAssembler;
import io.hostpipe.session.FrameCodec;
import io.hostpipe.session.Lease;
import io.hostpipe.session.Memory;
import io.hostpipe.session.ProtocolException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** Frames to bytes, and bytes as a socket gives them to frames. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class FramesBenchmark {
  private static final int SMALL_BYTES = 64;
  private static final int LARGE_BYTES = 256 << 10;

  private final ByteBuffer out = ByteBuffer.allocateDirect(FrameCodec.CONTROL_BYTES_MAX);
  private final ByteBuffer ack = ackBytes();
  private final ByteBuffer small = dataBytes(SMALL_BYTES);
  private final ByteBuffer large = dataBytes(LARGE_BYTES);
  private final FrameAssembler assembler = assembler();

  /** An acknowledgement to bytes. */
  @Benchmark
  public ByteBuffer encodeAck() {
    FrameCodec.encode(new Frame.Ack(3, 2, 1, 4), out.clear());
    return out;
  }

  /** Bytes to an acknowledgement. */
  @Benchmark
  public Frame decodeAck() throws ProtocolException {
    return FrameCodec.decode(ack.rewind(), Lease.UNPOOLED);
  }

  /** A message of 64 bytes out of one read. */
  @Benchmark
  public void assembleSmall(Blackhole blackhole) throws ProtocolException {
    assemble(small.rewind(), blackhole);
  }

  /** A batch of 256 KiB out of one read. */
  @Benchmark
  public void assembleLarge(Blackhole blackhole) throws ProtocolException {
    assemble(large.rewind(), blackhole);
  }

  private void assemble(ByteBuffer socket, Blackhole blackhole) throws ProtocolException {
    while (socket.hasRemaining()) {
      for (ByteBuffer target : assembler.targets()) {
        int countBytes = Math.min(target.remaining(), socket.remaining());
        target.put(socket.slice(socket.position(), countBytes));
        socket.position(socket.position() + countBytes);
      }
      for (Frame frame = assembler.poll(); frame != null; frame = assembler.poll()) {
        blackhole.consume(frame);
      }
    }
  }

  private static FrameAssembler assembler() {
    // One memory again and again: a frame is done with before the next one begins.
    ByteBuffer memory = ByteBuffer.allocateDirect(FrameCodec.FRAME_BYTES_MAX);
    FrameAssembler assembler =
        new FrameAssembler(leastBytes -> new Memory.Piece(memory.clear(), Lease.UNPOOLED));
    assembler.allowData();
    return assembler;
  }

  private static ByteBuffer ackBytes() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(FrameCodec.CONTROL_BYTES_MAX);
    FrameCodec.encode(new Frame.Ack(3, 2, 1, 4), bytes);
    return bytes.flip();
  }

  private static ByteBuffer dataBytes(int payloadBytes) {
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(
            FrameCodec.DATA_HEAD_BYTES_MIN + payloadBytes + FrameCodec.TRAILER_BYTES);
    // As docs/PROTOCOL.md has it: length, type DATA, no flags, position, payload, CRC.
    bytes.putInt(bytes.capacity() - Integer.BYTES).put((byte) 4).put((byte) 0).putLong(0);
    bytes.position(bytes.position() + payloadBytes);
    return bytes.putInt(FrameCodec.trailer(bytes.duplicate().flip())).flip();
  }
}
