package io.hostpipe.runtime.flow;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.ForwardingSource;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A source whose batches have a size: larger ones are cut, and small ones wait for each other.
 *
 * <p>Lingering trades latency for fewer, larger writes: from the first small batch on, more are
 * waited for until there is a whole one or the time is over. A timed read may take longer by the
 * linger. What was gathered before a failure is handed over first; the failure comes with the next
 * read. Thread rule: as {@link Source}. It owns the inner source.
 */
public final class GatheringSource extends ForwardingSource {
  private final int batchBytes;
  private final long lingerNanos;
  private final BlockPool pool;
  private final Waiting waiting;
  private final ReentrantLock lock = new ReentrantLock();

  /** What was read and not handed out: at most two. Under the lock, as is the next. */
  private final ArrayDeque<Batch> ready = new ArrayDeque<>();

  private boolean closed;

  /**
   * Batches of at most so many bytes, unless one message is longer.
   *
   * @param linger how long a small batch waits for more; zero not at all
   */
  public GatheringSource(Source inner, int batchBytes, Duration linger, BlockPool pool) {
    this(inner, batchBytes, linger, pool, Waiting.SYSTEM);
  }

  /** The same in another time. */
  public GatheringSource(
      Source inner, int batchBytes, Duration linger, BlockPool pool, Waiting waiting) {
    super(inner);
    if (batchBytes < 1 || batchBytes > BlockPool.BLOCK_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a batch has from 1 to " + BlockPool.BLOCK_BYTES_MAX + " bytes, not " + batchBytes);
    }
    this.batchBytes = batchBytes;
    this.lingerNanos = linger.toNanos();
    this.pool = pool;
    this.waiting = waiting;
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    Batch first = poll();
    return handOut(first == null ? inner.read() : first);
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    Batch first = poll();
    return handOut(first == null ? inner.read(timeout) : first);
  }

  @Override
  public boolean finished() {
    lock.lock();
    try {
      return ready.isEmpty() && inner.finished();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void abort(String reason) {
    inner.abort(reason);
    close();
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      ready.forEach(Batch::close);
      ready.clear();
    } finally {
      lock.unlock();
    }
    inner.close();
  }

  private @Nullable Batch poll() {
    lock.lock();
    try {
      return ready.poll();
    } finally {
      lock.unlock();
    }
  }

  /** Keeps a batch for the next read; at the front, so that the stream's order stays. */
  private void giveBack(Batch batch) {
    lock.lock();
    try {
      if (closed) {
        batch.close();
      } else {
        ready.addFirst(batch);
      }
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Batch handOut(@Nullable Batch first) throws InterruptedException {
    if (first == null) {
      return null;
    }
    if (first.lengthBytes() < batchBytes && lingerNanos > 0 && !first.beginsInsideRecord()) {
      return gather(first);
    }
    long border = first.border(first.position(), batchBytes, Integer.MAX_VALUE);
    if (border == first.endPosition()) {
      return first;
    }
    Batch part = first.part(first.position(), border);
    giveBack(first.from(border));
    return part;
  }

  /** Fills one block from this batch and those that come in time. */
  private Batch gather(Batch first) throws InterruptedException {
    Block block = pool.take(batchBytes);
    ByteBuffer bytes = block.buffer();
    Cursor cursor = move(first, bytes);
    long begun = waiting.nowNanos();
    try {
      while (bytes.position() < batchBytes) {
        long left = lingerNanos - (waiting.nowNanos() - begun);
        Batch next = left <= 0 ? null : next(left);
        if (next == null) {
          break;
        }
        if (next.beginsInsideRecord() || next.lengthBytes() > batchBytes - bytes.position()) {
          giveBack(next);
          break;
        }
        cursor = move(next, bytes);
      }
    } catch (InterruptedException e) {
      giveBack(gathered(first, block, cursor));
      throw e;
    }
    return gathered(first, block, cursor);
  }

  private @Nullable Batch next(long timeoutNanos) throws InterruptedException {
    Batch kept = poll();
    if (kept != null) {
      return kept;
    }
    try {
      return inner.read(Duration.ofNanos(timeoutNanos));
    } catch (PipeException e) {
      // What was gathered goes first; a source that failed says so again.
      return null;
    }
  }

  private static @Nullable Cursor move(Batch from, ByteBuffer to) {
    try (from) {
      to.put(from.bytes());
      return from.cursor();
    }
  }

  private static Batch gathered(Batch first, Block block, @Nullable Cursor cursor) {
    return new Batch(
        first.stream(),
        first.encoding(),
        first.position(),
        block.buffer().duplicate().flip(),
        block,
        cursor);
  }
}
