package io.hostpipe.connector.memory;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Commits;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a pipe inside this process: a bounded queue of batches, and the commits back.
 *
 * <p>States: open; finishing (the writer has said that no more comes); ended (the reader has seen
 * that); broken (either side closed before that, with one cause for each side). A batch is never
 * copied on its way. What was written and not read counts against the window; one batch may go over
 * it, so that the longest message always passes. Thread rule: any thread; the sink's and source's
 * own rules hold above it.
 */
final class MemoryWay {
  /** What may be written and not read: beyond it the writer waits. */
  static final int WINDOW_BYTES = 1 << 20;

  /** The block of a batch when no size is asked for. */
  static final int BLOCK_BYTES = 64 << 10;

  private final StreamId stream;
  private final Encoding encoding;
  private final BlockPool pool;
  private final Commits commits;
  private final Resume from;
  private final MemoryPlaces places;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Batch> queue = new ArrayDeque<>();
  private long writtenPosition;
  private long readPosition;
  private boolean unread;
  private boolean finishing;
  private boolean ended;
  private @Nullable PipeException writerFailure;
  private @Nullable PipeException readerFailure;

  /**
   * A way that goes on from here.
   *
   * @param onCommit hears of every new resume point
   */
  MemoryWay(
      StreamId stream, Encoding encoding, BlockPool pool, Resume from, Consumer<Resume> onCommit) {
    this.stream = stream;
    this.encoding = encoding;
    this.pool = pool;
    this.from = from;
    this.commits = new Commits(from.position());
    this.places = new MemoryPlaces(from, onCommit);
    this.writtenPosition = from.position();
    this.readPosition = from.position();
  }

  StreamId stream() {
    return stream;
  }

  Encoding encoding() {
    return encoding;
  }

  /** What the sink holds: at the start what was committed before, then what was written. */
  Resume resume() {
    lock.lock();
    try {
      return writtenPosition == from.position() ? from : new Resume(writtenPosition, null, null);
    } finally {
      lock.unlock();
    }
  }

  /** Where the next batch that is read begins. */
  long readPosition() {
    lock.lock();
    try {
      return readPosition;
    } finally {
      lock.unlock();
    }
  }

  Commits commits() {
    return commits;
  }

  /** Nobody will write here: the reader finds the end at once. */
  void neverWritten() {
    lock.lock();
    try {
      finishing = true;
    } finally {
      lock.unlock();
    }
  }

  /** Nobody will read here: what is written is refused, and an empty stream ends at once. */
  void neverRead() {
    lock.lock();
    try {
      unread = true;
    } finally {
      lock.unlock();
    }
  }

  BatchWriter newBatch(int leastBytes) throws PipeException, InterruptedException {
    lock.lockInterruptibly();
    try {
      awaitRoom();
    } finally {
      lock.unlock();
    }
    return new BatchWriter(pool, encoding, leastBytes == 0 ? BLOCK_BYTES : leastBytes);
  }

  long write(BatchWriter writer) throws PipeException, InterruptedException {
    try (writer) {
      lock.lockInterruptibly();
      try {
        awaitRoom();
        add(writer.toBatch(stream, writtenPosition));
        return writtenPosition;
      } finally {
        lock.unlock();
      }
    }
  }

  long write(Batch batch) throws PipeException, InterruptedException {
    try (batch) {
      if (batch.encoding() != encoding) {
        throw new PipeException.Config(
            Status.FAILED_PRECONDITION,
            "the stream " + stream + " holds " + encoding + ", this batch " + batch.encoding());
      }
      lock.lockInterruptibly();
      try {
        awaitRoom();
        if (batch.endPosition() > writtenPosition) {
          add(ownPart(batch));
        }
        return writtenPosition;
      } finally {
        lock.unlock();
      }
    }
  }

  /** Waits until the reader has seen the end and everything is committed. */
  void finish() throws PipeException, InterruptedException {
    long end;
    lock.lockInterruptibly();
    try {
      if (writerFailure != null) {
        throw writerFailure;
      }
      finishing = true;
      ended |= unread;
      changed.signalAll();
      while (!ended) {
        if (writerFailure != null) {
          throw writerFailure;
        }
        changed.await();
      }
      end = writtenPosition;
    } finally {
      lock.unlock();
    }
    commits.awaitPosition(end);
  }

  @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    long restNanos = timeoutNanos;
    lock.lockInterruptibly();
    try {
      while (queue.isEmpty()) {
        if (readerFailure != null) {
          throw readerFailure;
        }
        if (finishing) {
          ended = true;
          changed.signalAll();
          return null;
        }
        if (restNanos <= 0) {
          return null;
        }
        restNanos = changed.awaitNanos(restNanos);
      }
      Batch batch = queue.remove();
      readPosition = batch.endPosition();
      places.read(batch);
      changed.signalAll();
      return batch;
    } finally {
      lock.unlock();
    }
  }

  boolean ended() {
    lock.lock();
    try {
      return ended;
    } finally {
      lock.unlock();
    }
  }

  void commit(long position) throws PipeException {
    lock.lock();
    try {
      checkRead(position);
      places.commit(position);
    } finally {
      lock.unlock();
    }
    commits.advance(position);
  }

  void reject(long endPosition, Rejection why) throws PipeException {
    lock.lock();
    try {
      checkRead(endPosition);
    } finally {
      lock.unlock();
    }
    commits.reject(endPosition, why);
  }

  /** The writer is gone; unless it finished, the reader is told that the stream broke off. */
  void closeWriter() {
    breakOff(
        closedHere(),
        new PipeException.Closed(
            Status.ABORTED, "the peer closed the stream " + stream + " before its end"));
    commits.fail(closedHere());
  }

  /** The reader is gone; unless it saw the end and committed it, the writer is told. */
  void closeReader() {
    breakOff(
        new PipeException.Closed(
            Status.ABORTED, "the peer stopped reading the stream " + stream + " before its end"),
        closedHere());
  }

  private PipeException closedHere() {
    return new PipeException.Closed(
        Status.CANCELLED, "the stream " + stream + " was closed on this side");
  }

  private void breakOff(PipeException toWriter, PipeException toReader) {
    lock.lock();
    try {
      if (ended && commits.position() >= writtenPosition) {
        return;
      }
      writerFailure = writerFailure == null ? toWriter : writerFailure;
      readerFailure = readerFailure == null ? toReader : readerFailure;
      queue.forEach(Batch::close);
      queue.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    commits.fail(toWriter);
  }

  private void awaitRoom() throws PipeException, InterruptedException {
    while (true) {
      if (writerFailure != null) {
        throw writerFailure;
      }
      if (unread) {
        throw new PipeException.Refused(
            Status.FAILED_PRECONDITION, "the peer does not read the stream " + stream);
      }
      if (finishing) {
        throw new IllegalStateException("the stream " + stream + " was finished");
      }
      if (writtenPosition - readPosition < WINDOW_BYTES) {
        return;
      }
      changed.await();
    }
  }

  /** The batch over the same block, as a part of this stream, from its own position on. */
  private Batch ownPart(Batch batch) {
    if (batch.position() > writtenPosition) {
      throw new IllegalArgumentException(
          batch + " leaves a gap: the stream " + stream + " is at " + writtenPosition);
    }
    batch.block().retain();
    Batch own =
        new Batch(stream, encoding, batch.position(), batch.bytes(), batch.block(), batch.cursor());
    return batch.position() < writtenPosition ? own.from(writtenPosition) : own;
  }

  private void add(Batch batch) {
    if (batch.lengthBytes() == 0) {
      batch.close();
      return;
    }
    writtenPosition = batch.endPosition();
    queue.add(batch);
    changed.signalAll();
  }

  private void checkRead(long position) throws PipeException {
    if (readerFailure != null) {
      throw readerFailure;
    }
    if (position > readPosition) {
      throw new IllegalArgumentException(
          "position "
              + position
              + " was not read yet; the stream "
              + stream
              + " is at "
              + readPosition);
    }
  }
}
