package io.hostpipe.connector.local;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ReadableByteChannel;

/**
 * What a program writes, up to an end that is one: when the output ends, the program's own end is
 * waited for, and an end that is no success is thrown instead. Thread rule: one thread reads, any
 * closes, which kills the program if it still runs.
 */
final class ProgramOutput implements ReadableByteChannel {
  /** What a pipe holds by default. */
  private static final int CHUNK_BYTES = 64 << 10;

  /** Says whether the end of the output is a good one. Blocks. */
  interface Ending {
    void check(long outputBytes) throws IOException, InterruptedException;
  }

  private final RunningProgram program;
  private final Ending ending;
  private final InputStream in;
  private final byte[] chunk = new byte[CHUNK_BYTES];
  private long outputBytes;
  private volatile boolean ended;
  private volatile boolean closed;

  ProgramOutput(RunningProgram program, Ending ending) {
    this.program = program;
    this.ending = ending;
    this.in = program.output();
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    int readBytes = in.read(chunk, 0, Math.min(into.remaining(), chunk.length));
    if (readBytes >= 0) {
      into.put(chunk, 0, readBytes);
      outputBytes += readBytes;
      return readBytes;
    }
    try {
      ending.check(outputBytes);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClosedByInterruptException();
    }
    ended = true;
    return -1;
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  @Override
  public void close() {
    closed = true;
    if (!ended) {
      program.kill();
    }
    RunningProgram.closeQuietly(in);
  }
}
