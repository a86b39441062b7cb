package io.hostpipe.runtime.dead;

import io.hostpipe.Batch;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What was written into a sink and is not committed there, in the order of the stream.
 *
 * <p>A batch that fills little of its block is copied into a smaller one: thousands may be under
 * way at a time, and each would keep all of its block. Thread rule: any thread; nothing blocks.
 */
final class HeldBatches {
  /** A batch that fills less than this part of its block gets one of its own. */
  private static final int FILLED_PART = 4;

  private final BlockPool pool;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Batch> held = new ArrayDeque<>();

  HeldBatches(BlockPool pool) {
    this.pool = pool;
  }

  /** Keeps a batch; the given one stays as it is. */
  void add(Batch batch) {
    Batch mine = fitting(batch);
    lock.lock();
    try {
      held.add(mine);
    } finally {
      lock.unlock();
    }
  }

  /** The first one, for the caller to close, and kept all the same; null when there is none. */
  @Nullable Batch first() {
    lock.lock();
    try {
      Batch first = held.peek();
      return first == null ? null : share(first);
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #first}, the one that holds the end of this message. */
  @Nullable Batch holding(long endPosition) {
    lock.lock();
    try {
      for (Batch each : held) {
        if (each.position() < endPosition && endPosition <= each.endPosition()) {
          return share(each);
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Everything before the position is not needed any more. */
  void letGo(long position) {
    lock.lock();
    try {
      for (Batch each = held.peek();
          each != null && each.endPosition() <= position;
          each = held.peek()) {
        held.remove().close();
      }
    } finally {
      lock.unlock();
    }
  }

  private Batch fitting(Batch batch) {
    int roomBytes = batch.block().capacityBytes();
    ByteBuffer bytes = batch.bytes();
    if (roomBytes <= BlockPool.BLOCK_BYTES_MIN
        || (long) bytes.remaining() * FILLED_PART >= roomBytes) {
      return share(batch);
    }
    Block block = pool.take(bytes.remaining());
    return over(batch, block.buffer().put(bytes).flip(), block);
  }

  /** Another batch over the same block, for one more owner. */
  private static Batch share(Batch batch) {
    batch.block().retain();
    return over(batch, batch.bytes(), batch.block());
  }

  private static Batch over(Batch batch, ByteBuffer bytes, Block block) {
    return batch.beginsInsideRecord()
        ? Batch.restOfRecord(batch.stream(), batch.position(), bytes, block, batch.cursor())
        : new Batch(
            batch.stream(), batch.encoding(), batch.position(), bytes, block, batch.cursor());
  }
}
