package io.hostpipe.runtime.dead;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.ForwardingSink;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A target of bytes that takes messages as they are, headers included: their records stand one
 * behind the other, at the positions that they have in their stream.
 *
 * <p>Thread rule: any thread. It owns the inner target.
 */
public final class RecordBytesTarget implements Target {
  private static final int BATCH_BYTES = 64 << 10;

  private final Target inner;
  private final BlockPool pool;

  /** Around a target that takes bytes. */
  public RecordBytesTarget(Target inner, BlockPool pool) {
    this.inner = inner;
    this.pool = pool;
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException, InterruptedException {
    return new RecordBytesSink(inner.open(stream, Encoding.RAW), stream);
  }

  @Override
  public boolean manyAtOnce() {
    return inner.manyAtOnce();
  }

  @Override
  public boolean mixes() {
    return inner.mixes();
  }

  @Override
  public @Nullable PipeException failure() {
    return inner.failure();
  }

  @Override
  public @Nullable Resume held(StreamId stream) throws PipeException {
    return inner.held(stream);
  }

  @Override
  public List<StreamId> heldStreams() throws PipeException {
    return inner.heldStreams();
  }

  @Override
  public void close() {
    inner.close();
  }

  private final class RecordBytesSink extends ForwardingSink {
    private final StreamId stream;

    RecordBytesSink(Sink inner, StreamId stream) {
      super(inner);
      this.stream = stream;
    }

    @Override
    public BatchWriter newBatch(int leastBytes) {
      return new BatchWriter(pool, Encoding.RECORDS, leastBytes == 0 ? BATCH_BYTES : leastBytes);
    }

    @Override
    public long write(BatchWriter batch) throws PipeException, InterruptedException {
      return write(batch.toBatch(stream, inner.resume().position()));
    }

    @Override
    public long write(Batch given) throws PipeException, InterruptedException {
      try (given) {
        given.block().retain();
        return inner.write(
            new Batch(
                given.stream(),
                Encoding.RAW,
                given.position(),
                given.bytes(),
                given.block(),
                given.cursor()));
      }
    }
  }
}
