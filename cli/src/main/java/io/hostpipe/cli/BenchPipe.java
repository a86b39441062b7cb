package io.hostpipe.cli;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A bench over a pipe of the library, as any program would use it. */
final class BenchPipe implements BenchLink {
  private final Pipe pipe;
  private final boolean answers;
  private @Nullable Batch current;

  /**
   * Over this pipe, which it owns.
   *
   * @param answers whether one thread reads and writes: then a batch is committed just before its
   *     answer is written, and the acknowledgement travels with it
   */
  BenchPipe(Pipe pipe, boolean answers) {
    this.pipe = pipe;
    this.answers = answers;
  }

  @Override
  public void write(ByteBuffer bytes) throws PipeException, InterruptedException {
    while (bytes.hasRemaining()) {
      int lengthBytes = Math.min(bytes.remaining(), Bench.CHUNK_BYTES);
      try (BatchWriter batch = pipe.sink().newBatch(lengthBytes)) {
        batch.add(bytes.slice(bytes.position(), lengthBytes));
        bytes.position(bytes.position() + lengthBytes);
        if (answers) {
          commit();
        }
        pipe.sink().write(batch);
      }
    }
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    commit();
    pipe.sink().finish();
  }

  @Override
  public @Nullable ByteBuffer next() throws PipeException, InterruptedException {
    commit();
    Batch last = current;
    if (last != null) {
      last.close();
    }
    Batch batch = pipe.source().read();
    current = batch;
    return batch == null ? null : batch.bytes();
  }

  /** Of the batch that was read last, whose bytes stay valid. */
  private void commit() throws PipeException {
    Batch batch = current;
    if (batch != null) {
      pipe.source().commit(batch.endPosition());
    }
  }

  @Override
  public void close() {
    Batch batch = current;
    current = null;
    if (batch != null) {
      batch.close();
    }
    pipe.close();
  }
}
