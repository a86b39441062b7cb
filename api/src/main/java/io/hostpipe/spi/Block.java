package io.hostpipe.spi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * One pooled piece of direct memory, counted by references.
 *
 * <p>Whoever holds a reference may read the buffer; it is written only before it is shared. Thread
 * rule: {@link #retain} and {@link #release} from any thread.
 */
public final class Block {
  private static final VarHandle REFERENCES;

  static {
    try {
      REFERENCES = MethodHandles.lookup().findVarHandle(Block.class, "references", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final BlockPool pool;
  private final ByteBuffer buffer;

  @SuppressWarnings("UnusedVariable") // changed through REFERENCES
  private volatile int references = 1;

  Block(BlockPool pool, ByteBuffer buffer) {
    this.pool = pool;
    this.buffer = buffer;
  }

  /** The memory itself; take a duplicate or a slice where position and limit matter. */
  public ByteBuffer buffer() {
    return buffer;
  }

  /** The bytes it has room for. */
  public int capacityBytes() {
    return buffer.capacity();
  }

  /** Adds a reference. */
  public void retain() {
    int before = (int) REFERENCES.getAndAdd(this, 1);
    if (before <= 0) {
      throw new IllegalStateException("a block was used after its last release");
    }
  }

  /** Drops a reference; the last one gives the memory back. */
  public void release() {
    int before = (int) REFERENCES.getAndAdd(this, -1);
    if (before == 1) {
      pool.giveBack(buffer);
    } else if (before <= 0) {
      throw new IllegalStateException("a block was released more often than it was retained");
    }
  }
}
