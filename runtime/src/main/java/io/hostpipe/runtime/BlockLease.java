package io.hostpipe.runtime;

import io.hostpipe.session.Lease;
import io.hostpipe.session.Memory;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A pooled block as the session sees it.
 *
 * <p>For outgoing blocks it counts the memory that is held: a block that is nearly empty still
 * costs all of its memory, which the positions alone do not show.
 */
final class BlockLease implements Lease {
  private final Block block;
  private final @Nullable AtomicLong heldBytes;

  BlockLease(Block block, @Nullable AtomicLong heldBytes) {
    this.block = block;
    this.heldBytes = heldBytes;
    if (heldBytes != null) {
      heldBytes.addAndGet(block.capacityBytes());
    }
  }

  /** Memory for received frames out of this pool. */
  static Memory memoryOf(BlockPool pool) {
    return leastBytes -> {
      Block block = pool.take(leastBytes);
      return new Memory.Piece(block.buffer(), new BlockLease(block, null));
    };
  }

  Block block() {
    return block;
  }

  @Override
  public void retain() {
    block.retain();
    if (heldBytes != null) {
      heldBytes.addAndGet(block.capacityBytes());
    }
  }

  @Override
  public void release() {
    if (heldBytes != null) {
      heldBytes.addAndGet(-block.capacityBytes());
    }
    block.release();
  }
}
