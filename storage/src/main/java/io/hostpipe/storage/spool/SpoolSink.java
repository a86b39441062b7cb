package io.hostpipe.storage.spool;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Digest;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Commits;
import io.hostpipe.spi.CommittingSink;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Fills one stream of a spool. What it commits is synced; its window is what may be written and not
 * synced.
 *
 * <p>Thread rule: as {@link Sink} says.
 */
final class SpoolSink extends CommittingSink {
  private static final int BLOCK_BYTES = 256 << 10;

  /** A batch that leaves so much of its block empty is copied into a smaller one. */
  private static final int SPARSE = 4;

  private final Spool spool;
  private final SpoolStream stream;

  /** Guarded by the spool's lock. */
  private boolean closed;

  SpoolSink(Spool spool, SpoolStream stream, Commits commits) {
    super(commits);
    this.spool = spool;
    this.stream = stream;
  }

  Commits commits() {
    return commits;
  }

  /** What is held once all is synced that was written: also by the sink before this one. */
  @Override
  public Resume resume() throws PipeException, InterruptedException {
    return awaitSynced().toResume();
  }

  @Override
  public void fence(long epoch) throws PipeException {
    spool.lock.lock();
    try {
      beginFence(epoch);
      while (stream.syncedNow().epoch() < epoch) {
        // Nothing is written before this is safe, and that takes no longer than a sync.
        stream.changed().awaitUninterruptibly();
        check();
      }
    } finally {
      spool.lock.unlock();
    }
  }

  /** With the lock held: as {@link #fence}, without waiting. */
  void beginFence(long epoch) throws PipeException {
    check();
    Place at = stream.end();
    if (epoch < at.epoch()) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          "the stream "
              + stream.stream()
              + " in the spool "
              + spool.folder()
              + " has a writer of epoch "
              + at.epoch()
              + ", so one of epoch "
              + epoch
              + " may not write any more");
    }
    if (epoch > at.epoch()) {
      stream.enqueue(Entry.mark(RecordHeader.Kind.FENCE, at, at.withEpoch(epoch)));
    }
  }

  @Override
  public BatchWriter newBatch(int leastBytes) throws PipeException, InterruptedException {
    int lengthBytes = leastBytes == 0 ? BLOCK_BYTES : leastBytes;
    spool.lock.lockInterruptibly();
    try {
      awaitRoom(lengthBytes);
    } finally {
      spool.lock.unlock();
    }
    return new BatchWriter(spool.pool(), stream.encoding(), lengthBytes);
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    return write(batch.toBatch(stream.stream(), endPosition()));
  }

  @Override
  public long write(Batch batch) throws PipeException, InterruptedException {
    boolean taken = false;
    Batch rest = batch;
    try {
      long end = endPosition();
      checkContent(batch, end);
      if (batch.endPosition() <= end) {
        return end;
      }
      rest = batch.position() < end ? batch.from(end) : batch;
      Entry entry = entry(rest);
      taken = true;
      enqueue(entry);
      return entry.behind().position();
    } finally {
      if (!taken) {
        rest.close();
      }
    }
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    spool.lock.lockInterruptibly();
    try {
      beginFinish();
    } finally {
      spool.lock.unlock();
    }
    awaitSynced();
  }

  /** With the lock held: as {@link #finish}, without waiting. */
  void beginFinish() throws PipeException {
    check();
    Place end = stream.end();
    if (!end.finished()) {
      stream.enqueue(Entry.mark(RecordHeader.Kind.END, end, end.withEnd()));
    }
  }

  /** Lets go of the stream. What was written stays, and somebody may go on with it. */
  @Override
  public void close() {
    close("who wrote it has gone");
  }

  /** As {@link #close}; who reads the stream hears the reason when it has all that was written. */
  @Override
  public void abort(String reason) {
    close(reason);
  }

  private void close(String why) {
    spool.lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      stream.sinkClosed(this, why);
      spool.room().signalAll();
    } finally {
      spool.lock.unlock();
    }
    commits.fail(Errors.closed(spool.folder(), stream.stream()));
  }

  private Place awaitSynced() throws PipeException, InterruptedException {
    spool.lock.lockInterruptibly();
    try {
      while (!stream.syncedNow().equals(stream.end())) {
        check();
        stream.changed().await();
      }
      return stream.end();
    } finally {
      spool.lock.unlock();
    }
  }

  private long endPosition() throws PipeException {
    spool.lock.lock();
    try {
      check();
      return stream.end().position();
    } finally {
      spool.lock.unlock();
    }
  }

  /** With the lock held. */
  private void check() throws PipeException {
    spool.check();
    if (closed) {
      throw Errors.closed(spool.folder(), stream.stream());
    }
  }

  private void checkContent(Batch batch, long end) throws PipeException {
    if (batch.encoding() != stream.encoding()) {
      throw new PipeException.Config(
          Status.FAILED_PRECONDITION,
          "the spool holds the stream "
              + stream.stream()
              + " as "
              + stream.encoding()
              + ", and this batch is "
              + batch.encoding());
    }
    if (batch.position() > end) {
      throw new IllegalArgumentException(
          batch + " leaves a gap: the spool has the stream up to position " + end);
    }
  }

  /** The next record. Takes the batch. */
  private Entry entry(Batch batch) throws PipeException {
    Place before = placeToWriteAt(batch);
    ByteBuffer bytes = batch.bytes();
    Block block = batch.block();
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate());
    int crc32c = (int) crc.getValue();
    Digest digest = before.digest().extend(bytes, crc32c);
    boolean inside = batch.beginsInsideRecord();
    int messageCount = inside ? 1 : batch.count();
    if (bytes.remaining() <= block.capacityBytes() / SPARSE
        && block.capacityBytes() > BlockPool.BLOCK_BYTES_MIN) {
      Block smaller = spool.pool().take(bytes.remaining());
      bytes = smaller.buffer().put(bytes).flip();
      block = smaller;
    } else {
      block.retain();
    }
    // Its owner may close it once more, and that must not let go of the block.
    batch.close();
    return new Entry(
        RecordHeader.Kind.DATA,
        before,
        before.behind(bytes.remaining(), digest, batch.cursor()),
        bytes,
        block,
        crc32c,
        inside,
        messageCount,
        batch.cursor());
  }

  private Place placeToWriteAt(Batch batch) throws PipeException {
    spool.lock.lock();
    try {
      Place end = stream.end();
      if (end.finished()) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION,
            "the stream "
                + stream.stream()
                + " in the spool "
                + spool.folder()
                + " ended at position "
                + end.position()
                + ", and "
                + batch
                + " lies behind that");
      }
      return end;
    } finally {
      spool.lock.unlock();
    }
  }

  private void enqueue(Entry entry) throws PipeException, InterruptedException {
    boolean queued = false;
    try {
      spool.lock.lockInterruptibly();
      try {
        awaitRoom(entry.memoryBytes());
        if (!stream.end().equals(entry.before())) {
          throw new IllegalStateException("two threads write the stream " + stream.stream());
        }
        stream.enqueue(entry);
        queued = true;
      } finally {
        spool.lock.unlock();
      }
    } finally {
      if (!queued) {
        entry.release();
      }
    }
  }

  /** With the lock held. */
  private void awaitRoom(long memoryBytes) throws PipeException, InterruptedException {
    check();
    while (stream.isOverLimit(memoryBytes) || spool.isOverLimit(memoryBytes)) {
      if (stream.isOverLimit(memoryBytes)) {
        stream.changed().await();
      } else {
        spool.room().await();
      }
      check();
    }
    // Whoever waits next may find room as well.
    spool.room().signal();
  }
}
