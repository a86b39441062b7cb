package io.hostpipe.connector.local;

import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One stream into the stdin of a program that was started for it.
 *
 * <p>Unless told otherwise everything is committed at once, when the program has ended with status
 * 0 and all of its input was written to it: what lies in its pipe, or in its memory, is nothing
 * that anybody can count on. A program that ends before that has failed, whatever its status. One
 * that ends with 0 behind the last byte, and before it was told that this is the last, has not: it
 * may know that from the bytes, as tar does. What it left unread in its pipe then, nobody can tell.
 */
final class ExecSink extends SynchronousSink {
  /** What a pipe holds by default. */
  private static final int CHUNK_BYTES = 64 << 10;

  /** How long a program that stopped reading may take to end, for its status to be told. */
  private static final long STATUS_MILLIS = 1_000;

  private final RunningProgram program;
  private final String where;
  private final boolean commitsAtEnd;
  private final Runnable owner;
  private final byte[] chunk = new byte[CHUNK_BYTES];
  private volatile boolean ending;
  private volatile long writtenBytes;

  /**
   * A sink into a program that has just been started.
   *
   * @param owner is told when the sink has let go of its program
   */
  ExecSink(
      StreamId stream,
      String where,
      BlockPool pool,
      RunningProgram program,
      boolean commitsAtEnd,
      Runnable owner) {
    super(stream, where, pool, Resume.START);
    this.program = program;
    this.where = where;
    this.commitsAtEnd = commitsAtEnd;
    this.owner = owner;
    program.onEnd(this::onEnd);
  }

  @Override
  public boolean commitsAtEnd() {
    return commitsAtEnd;
  }

  @Override
  void put(ByteBuffer bytes, long position) throws IOException, InterruptedException {
    OutputStream in = program.input();
    try {
      while (bytes.hasRemaining()) {
        int lengthBytes = Math.min(bytes.remaining(), chunk.length);
        bytes.get(chunk, 0, lengthBytes);
        in.write(chunk, 0, lengthBytes);
        in.flush();
        long before = writtenBytes;
        writtenBytes = before + lengthBytes;
      }
    } catch (IOException e) {
      throw closing() ? e : early();
    }
  }

  @Override
  void settle(long endPosition) throws IOException, InterruptedException {
    if (!program.isAlive() && !program.succeeded()) {
      throw early();
    }
    ending = true;
    try {
      program.input().close();
    } catch (IOException e) {
      throw closing() ? e : early();
    }
    program.awaitSuccess(" after the end of its input, at position " + endPosition);
    if (program.killed()) {
      throw IoErrors.closed(where, endPosition);
    }
  }

  @Override
  boolean countsPartialWrites() {
    return false;
  }

  @Override
  void wakeWriter() {
    program.kill();
  }

  @Override
  void released(Resume held, boolean finished, @Nullable PipeException failure) {
    if (!finished) {
      program.kill();
    }
    owner.run();
  }

  /**
   * The program has ended; if that was not awaited, nobody needs to write on to find out. Where it
   * ended well the end of its input may be about to come.
   */
  private void onEnd() {
    if (program.succeeded()) {
      CompletableFuture.delayedExecutor(RunningProgram.END_OF_INPUT_MILLIS, TimeUnit.MILLISECONDS)
          .execute(this::failUnlessEnding);
    } else {
      failUnlessEnding();
    }
  }

  private void failUnlessEnding() {
    if (!ending && !program.killed()) {
      try {
        failFromOutside(early());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private PipeException early() throws InterruptedException {
    String when =
        " before the end of its input: "
            + writtenBytes
            + " bytes were written to it, and nothing says how many of them it read";
    if (program.endsWithin(STATUS_MILLIS)) {
      return program.failed(program.awaitEnd(), when);
    }
    return new PipeException.Closed(
        Status.UNKNOWN, where + " goes on, but closed its input" + when);
  }
}
