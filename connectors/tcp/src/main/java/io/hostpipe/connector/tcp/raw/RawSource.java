package io.hostpipe.connector.tcp.raw;

import io.hostpipe.Batch;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.runtime.socket.SocketLink;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.MemoryExhaustion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The way in of a raw pipe: bytes as they come, until the peer ends its direction.
 *
 * <p>A blocking socket knows no time limit. A reader without one reads right here, so that bytes
 * cross no thread; the first one that has a limit starts a thread which reads up to {@value
 * #AHEAD_MAX} blocks ahead, and from then on all reads go through it. Closing the socket ends
 * either read. States: reading, then one of ended, failed, closed.
 */
final class RawSource implements Source {
  /** The most that a read asks for: while bytes come fast. */
  private static final int BLOCK_BYTES = 1 << 20;

  /** What a read asks for while they trickle; in between it is twice what the last one brought. */
  private static final int SMALL_BLOCK_BYTES = 16 << 10;

  /** The most batches that are read ahead of the caller. */
  private static final int AHEAD_MAX = 2;

  private final RawConnection connection;
  private final StreamId stream;
  private final BlockPool pool;
  private final boolean listens;
  private final boolean pumpsAlways;
  private final Runnable whenClosed;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Batch> ahead = new ArrayDeque<>();
  private @Nullable Thread pump;
  private boolean ended;
  private boolean closed;
  private @Nullable PipeException failure;

  // Of the one thread that reads the socket.
  private long position;
  private int blockBytes = SMALL_BLOCK_BYTES;

  /** All that was handed over is committed when the two are the same. */
  private volatile long handedOver;

  private volatile long committed;
  private volatile boolean used;

  /**
   * A source at the start of its stream.
   *
   * @param listens whether the peer dialed
   * @param pumpsAlways whether no reader reads here, because an interrupt must not break the way
   *     out
   */
  RawSource(
      RawConnection connection,
      StreamId stream,
      BlockPool pool,
      boolean listens,
      boolean pumpsAlways,
      Runnable whenClosed) {
    this.connection = connection;
    this.stream = stream;
    this.pool = pool;
    this.listens = listens;
    this.pumpsAlways = pumpsAlways;
    this.whenClosed = whenClosed;
  }

  /** Nothing depends on it: what was read is gone from the peer. */
  @Override
  public boolean wantsCommits() {
    return false;
  }

  @Override
  public StreamId stream() {
    return stream;
  }

  @Override
  public Encoding encoding() {
    return Encoding.RAW;
  }

  @Override
  public boolean replayable() {
    return false;
  }

  @Override
  public boolean seek(Resume from) throws PipeException {
    if (from.position() > 0) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          connection.where()
              + " begins at byte 0, and the sink already holds "
              + from.position()
              + " bytes of the stream "
              + stream
              + "; a raw stream cannot be resumed: take a sink of its own, or tcp instead of"
              + " raw+tcp at both ends");
    }
    return true;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    return pumps() ? read(Long.MAX_VALUE) : readHere();
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read(timeout.toNanos());
  }

  @Override
  public boolean finished() {
    lock.lock();
    try {
      return ended && ahead.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void commit(long newPosition) {
    if (newPosition > handedOver) {
      throw new IllegalArgumentException(
          "position " + newPosition + " of " + stream + " was not read yet");
    }
    if (newPosition == handedOver) {
      committed = newPosition;
    }
  }

  /** Nothing: raw bytes have no messages, so no sink refuses one. */
  @Override
  public void reject(long endPosition, Rejection why) {}

  @Override
  public void close() {
    whenClosed.run();
  }

  /** Whether somebody began to read. */
  boolean used() {
    return used;
  }

  /** Whether all of the stream was read, and taken. */
  boolean done() {
    return finished() && committed == handedOver;
  }

  /** Wakes who waits, and gives back what was read ahead. */
  void release() {
    lock.lock();
    try {
      closed = true;
      ahead.forEach(Batch::close);
      ahead.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    used = true;
    long restNanos = timeoutNanos;
    lock.lockInterruptibly();
    try {
      startPump();
      while (ahead.isEmpty()) {
        checkOpen();
        if (ended || restNanos <= 0) {
          return null;
        }
        restNanos = changed.awaitNanos(restNanos);
      }
      changed.signalAll();
      return handOver(ahead.remove());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Begins to read though nobody asks yet, so that the end of the peer is heard; nothing when
   * somebody reads.
   */
  void readAhead() {
    lock.lock();
    try {
      if (pumpsAlways) {
        startPump();
      }
    } finally {
      lock.unlock();
    }
  }

  private void startPump() {
    if (pump == null && !closed && !ended && failure == null) {
      // A socket that a virtual thread has read stays non-blocking, which costs every call more.
      Thread.Builder kind =
          Thread.currentThread().isVirtual() ? Thread.ofVirtual() : Thread.ofPlatform().daemon();
      pump = kind.name("hostpipe-read " + stream).start(this::pump);
    }
  }

  /** Whether the source's own thread reads, or nobody needs to any more. */
  private boolean pumps() throws PipeException {
    used = true;
    lock.lock();
    try {
      if (pump == null) {
        checkOpen();
      }
      return pumpsAlways || pump != null || ended;
    } finally {
      lock.unlock();
    }
  }

  private void checkOpen() throws PipeException {
    if (closed) {
      throw connection.closedHere();
    }
    if (failure != null) {
      throw failure;
    }
  }

  private @Nullable Batch readHere() throws PipeException, InterruptedException {
    try {
      Batch batch = next();
      if (batch == null) {
        end(null);
        return null;
      }
      return handOver(batch);
    } catch (PipeException e) {
      end(e);
      throw e;
    }
  }

  private Batch handOver(Batch batch) {
    handedOver = batch.endPosition();
    return batch;
  }

  /** The source's own thread. */
  private void pump() {
    try {
      for (Batch batch = next(); batch != null; batch = next()) {
        if (!offer(batch)) {
          return;
        }
      }
      end(null);
    } catch (PipeException e) {
      end(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end(connection.closedHere());
    } catch (OutOfMemoryError e) {
      end(MemoryExhaustion.toException(connection.where(), e));
    } catch (RuntimeException e) {
      // The caller must not wait for a thread that is gone.
      end(
          new PipeException.Closed(
              Status.INTERNAL, connection.where() + " could not be read on: " + e, e));
      throw e;
    }
  }

  /** Reads one block; null at the end of the peer's direction. */
  private @Nullable Batch next() throws PipeException, InterruptedException {
    SocketLink link = connection.await();
    Block block = pool.take(blockBytes);
    Batch batch = null;
    try {
      int readBytes = link.channel().read(block.buffer());
      if (readBytes < 0) {
        connection.onPeerEnd();
        return null;
      }
      if (position == 0) {
        RawGreeting.check(block.buffer().duplicate().flip(), connection, listens);
      }
      blockBytes = Math.clamp(2L * readBytes, SMALL_BLOCK_BYTES, BLOCK_BYTES);
      ByteBuffer bytes = block.buffer().flip();
      batch = new Batch(stream, Encoding.RAW, position, bytes, block, null);
      position += readBytes;
      return batch;
    } catch (IOException e) {
      connection.onBroken(e);
      throw connection.toException(
          e,
          "at position "
              + position
              + ": all before it was read, and nothing tells whether the peer sent more; a raw"
              + " stream cannot be resumed");
    } finally {
      if (batch == null) {
        block.release();
      }
    }
  }

  /** Waits for room; false when the source was closed, and the batch with it. */
  private boolean offer(Batch batch) {
    lock.lock();
    try {
      while (ahead.size() >= AHEAD_MAX && !closed) {
        changed.awaitUninterruptibly();
      }
      if (closed) {
        batch.close();
        return false;
      }
      ahead.add(batch);
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void end(@Nullable PipeException why) {
    lock.lock();
    try {
      failure = why;
      ended = why == null;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
