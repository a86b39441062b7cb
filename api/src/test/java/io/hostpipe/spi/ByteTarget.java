package io.hostpipe.spi;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Bytes in memory as a target: commits when it is told to, or breaks inside a write. */
final class ByteTarget implements Target {
  private final BlockPool pool;
  private final boolean keepsCursors;
  private final ByteArrayOutputStream held = new ByteArrayOutputStream();
  private @Nullable Cursor cursor;
  private long cursorPosition;
  boolean commitsAtOnce = true;
  boolean finished;

  /** The write that would go beyond this many bytes breaks there. */
  int breaksAtByte = Integer.MAX_VALUE;

  @Nullable ByteSink open;

  ByteTarget(BlockPool pool, boolean keepsCursors) {
    this.pool = pool;
    this.keepsCursors = keepsCursors;
  }

  byte[] content() {
    return held.toByteArray();
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) {
    ByteSink sink = new ByteSink();
    open = sink;
    return sink;
  }

  @Override
  public void close() {}

  final class ByteSink implements Sink {
    final Commits commits = new Commits(held.size());

    @Override
    public Resume resume() {
      Digest digest = Digest.of(ByteBuffer.wrap(held.toByteArray()));
      return new Resume(held.size(), cursor, digest, cursorPosition);
    }

    @Override
    public BatchWriter newBatch(int leastBytes) {
      return new BatchWriter(pool, Encoding.RAW, leastBytes);
    }

    @Override
    public long write(BatchWriter batch) throws PipeException {
      return write(batch.toBatch(ByteSource.STREAM, held.size()));
    }

    @Override
    public long write(Batch given) throws PipeException {
      Batch batch = given;
      if (batch.endPosition() <= held.size()) {
        batch.close();
        return held.size();
      }
      batch = batch.from(held.size());
      try (Batch fresh = batch) {
        ByteBuffer bytes = fresh.bytes();
        boolean breaks = bytes.remaining() > breaksAtByte - held.size();
        byte[] taken = new byte[breaks ? breaksAtByte - held.size() : bytes.remaining()];
        bytes.get(taken);
        held.writeBytes(taken);
        if (breaks) {
          commits.advance(held.size());
          PipeException why = new PipeException.Closed(Status.UNAVAILABLE, "broke");
          commits.fail(why);
          throw why;
        }
        if (keepsCursors) {
          cursor = fresh.cursor();
          cursorPosition = held.size();
        }
      }
      if (commitsAtOnce) {
        commits.advance(held.size());
      }
      return held.size();
    }

    @Override
    public Committed committed() throws PipeException {
      return commits.committed();
    }

    @Override
    public Committed awaitCommitted(long position) throws PipeException, InterruptedException {
      return commits.await(position);
    }

    @Override
    public Committed awaitCommitted(long position, Duration timeout)
        throws PipeException, InterruptedException {
      return commits.await(position, timeout);
    }

    @Override
    public CompletionStage<Committed> whenCommitted(long position) {
      return commits.when(position);
    }

    @Override
    public void finish() {
      finished = true;
    }

    @Override
    public void close() {
      commits.fail(new PipeException.Closed(Status.CANCELLED, "closed"));
    }
  }
}
