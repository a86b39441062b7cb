package io.hostpipe.connector.local;

import io.hostpipe.Batch;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.MemoryExhaustion;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A source of raw bytes that may let one wait and cannot go back: standard input, a FIFO, a device.
 *
 * <p>A native read knows no time limit, and on a virtual thread neither an interrupt nor closing
 * the channel ends it. A platform thread that reads standard input without a limit therefore reads
 * right here, so that bytes cross no thread. For all others one platform thread of this source
 * reads into pooled blocks and hands them over through a queue of {@value #AHEAD_MAX}; the caller
 * waits on a condition, which any thread can interrupt and {@link #close} wakes. Once that thread
 * has begun, every read goes through it. Closing the channel does end the read of a platform thread
 * (the JDK sends it a signal), on a terminal, pipe, FIFO, socket or device, and so does an
 * interrupt. States: reading, then one of ended, failed, closed.
 */
final class PumpedSource implements Source {
  /**
   * The most that a read asks for, while the input comes fast: several are on their way at once and
   * all of them in the processor's caches. The block is of 256 KiB and is filled: the windows that
   * receivers give are multiples of that, and what is left of one goes out in a frame of its own.
   */
  static final int BLOCK_BYTES = 252 << 10;

  /**
   * What a read asks for while it trickles, so that an idle pipe holds little. In between it is
   * twice what the last read brought: blocks that are mostly empty would use up a sender's memory.
   */
  static final int SMALL_BLOCK_BYTES = 16 << 10;

  /** The most batches that are read ahead of the caller. */
  static final int AHEAD_MAX = 2;

  /** Opens the channel on the reading thread; may block until somebody writes. */
  interface Opening {
    ReadableByteChannel open() throws IOException;
  }

  private final StreamId stream;
  private final String where;
  private final BlockPool pool;
  private final Opening opening;
  private final Runnable wakeOpening;
  private final int fileDescriptor;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Batch> ahead = new ArrayDeque<>();
  private @Nullable Thread pump;
  private volatile @Nullable ReadableByteChannel channel;
  private boolean opens;
  private boolean ended;
  private boolean closed;
  private @Nullable PipeException failure;

  // Of the one thread that reads the channel.
  private long position;
  private int blockBytes = SMALL_BLOCK_BYTES;
  private boolean enlarged;

  /**
   * A source that opens its channel with the first read.
   *
   * @param where for messages: "standard input", or the path
   * @param wakeOpening makes a blocked opening return
   * @param fileDescriptor of the channel when it is known, else -1
   */
  PumpedSource(
      StreamId stream,
      String where,
      BlockPool pool,
      Opening opening,
      Runnable wakeOpening,
      int fileDescriptor) {
    this.stream = stream;
    this.where = where;
    this.pool = pool;
    this.opening = opening;
    this.wakeOpening = wakeOpening;
    this.fileDescriptor = fileDescriptor;
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
          where
              + " begins at byte 0 again, and the sink already holds "
              + from.position()
              + " bytes of the stream "
              + stream
              + "; send a file (it can go on from there), or give this stream a name and a sink of"
              + " its own");
    }
    return true;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    // Without a descriptor the channel has to be opened first, and only the pump's wait for that
    // can be ended.
    boolean elsewhere = fileDescriptor < 0 || Thread.currentThread().isVirtual() || pumps();
    return elsewhere ? read(Long.MAX_VALUE) : readHere();
  }

  /** Nothing depends on it: what was read is gone from there. */
  @Override
  public boolean wantsCommits() {
    return false;
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

  /** Nothing: what was read is gone from there. */
  @Override
  public void commit(long position) {}

  /** Nothing: raw bytes have no messages, so no sink refuses one. */
  @Override
  public void reject(long endPosition, Rejection why) {}

  @Override
  public void close() {
    ReadableByteChannel open;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      open = channel;
      ahead.forEach(Batch::close);
      ahead.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (open != null) {
      closeQuietly(open);
    } else {
      Wakes.untilGone(wakeOpening, this::isOpening);
    }
  }

  private boolean isOpening() {
    lock.lock();
    try {
      return opens;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Batch read(long timeoutNanos) throws PipeException, InterruptedException {
    long restNanos = timeoutNanos;
    lock.lockInterruptibly();
    try {
      if (pump == null && !closed && !ended && failure == null) {
        pump = Thread.ofPlatform().daemon().name("hostpipe-read " + where).start(this::pump);
      }
      while (ahead.isEmpty()) {
        if (closed) {
          throw closedHere();
        }
        if (failure != null) {
          throw failure;
        }
        if (ended || restNanos <= 0) {
          return null;
        }
        restNanos = changed.awaitNanos(restNanos);
      }
      changed.signalAll();
      return ahead.remove();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the source's own thread reads; checks the state for those who read themselves. */
  private boolean pumps() throws PipeException {
    lock.lock();
    try {
      if (closed) {
        throw closedHere();
      }
      if (failure != null) {
        throw failure;
      }
      return pump != null || ended;
    } finally {
      lock.unlock();
    }
  }

  /** Reads on the caller's thread. */
  private @Nullable Batch readHere() throws PipeException, InterruptedException {
    try {
      ReadableByteChannel in = channel;
      Batch batch = next(in == null ? opened() : in);
      if (batch == null) {
        end(null);
      }
      return batch;
    } catch (ClosedByInterruptException e) {
      end(IoErrors.reading(where, position, e));
      Thread.interrupted();
      throw new InterruptedException("interrupted while reading " + where);
    } catch (IOException e) {
      PipeException why = isClosed() ? closedHere() : IoErrors.reading(where, position, e);
      end(why);
      throw why;
    }
  }

  /** The reading thread. */
  private void pump() {
    try {
      readAhead();
    } catch (OutOfMemoryError e) {
      end(MemoryExhaustion.toException(where, e));
    } catch (RuntimeException e) {
      // The caller must not wait for a thread that is gone.
      end(new PipeException.Closed(Status.INTERNAL, where + " could not be read on: " + e, e));
      throw e;
    }
  }

  private void readAhead() {
    try {
      ReadableByteChannel open = channel;
      ReadableByteChannel in = open == null ? opened() : open;
      for (Batch batch = next(in); batch != null; batch = next(in)) {
        if (!offer(batch)) {
          return;
        }
      }
      end(null);
    } catch (IOException e) {
      end(IoErrors.reading(where, position, e));
    }
  }

  /** Reads one block; null at the end. */
  private @Nullable Batch next(ReadableByteChannel in) throws IOException {
    Block block = pool.take(blockBytes);
    int readBytes = readInto(in, block);
    if (readBytes < 0) {
      block.release();
      return null;
    }
    if (position >= ChannelSink.FAST_AFTER_BYTES && fileDescriptor >= 0 && !enlarged) {
      enlarged = true;
      SystemCalls.enlargePipe(fileDescriptor, ChannelSink.PIPE_BYTES);
    }
    blockBytes = Math.clamp(2L * readBytes, SMALL_BLOCK_BYTES, BLOCK_BYTES);
    long begin = position;
    position += readBytes;
    return new Batch(stream, Encoding.RAW, begin, block.buffer().flip(), block, null);
  }

  private PipeException closedHere() {
    return new PipeException.Closed(Status.CANCELLED, where + " was closed on this side");
  }

  private ReadableByteChannel opened() throws IOException {
    lock.lock();
    try {
      if (closed) {
        throw new ClosedChannelException();
      }
      opens = true;
    } finally {
      lock.unlock();
    }
    ReadableByteChannel in = null;
    boolean late;
    try {
      in = opening.open();
    } finally {
      lock.lock();
      try {
        opens = false;
        late = closed;
        channel = in;
      } finally {
        lock.unlock();
      }
    }
    if (late) {
      closeQuietly(in);
    }
    return in;
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  private static int readInto(ReadableByteChannel in, Block block) throws IOException {
    int readBytes = 0;
    try {
      do {
        readBytes = in.read(block.buffer());
      } while (readBytes == 0);
      return readBytes;
    } finally {
      if (readBytes == 0) {
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

  /** The last thing the reading thread does. */
  private void end(@Nullable PipeException why) {
    ReadableByteChannel open;
    lock.lock();
    try {
      failure = why;
      ended = why == null;
      open = channel;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (open != null) {
      closeQuietly(open);
    }
  }

  private static void closeQuietly(ReadableByteChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // It was only read.
    }
  }
}
