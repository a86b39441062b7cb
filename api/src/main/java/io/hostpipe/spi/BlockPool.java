package io.hostpipe.spi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Direct memory in power-of-two blocks, kept for reuse up to a limit.
 *
 * <p>Taking never blocks: what bounds memory is the credit that receivers give and the windows that
 * senders keep. Thread rule: any thread.
 */
public final class BlockPool {
  /** The smallest block. */
  public static final int BLOCK_BYTES_MIN = 4 << 10;

  /** The largest block: the longest message with its record and frame around it. */
  public static final int BLOCK_BYTES_MAX = 32 << 20;

  private static final int CLASS_SHIFT = Integer.numberOfTrailingZeros(BLOCK_BYTES_MIN);
  private static final int CLASS_COUNT =
      Integer.numberOfTrailingZeros(BLOCK_BYTES_MAX) - CLASS_SHIFT + 1;

  private final ConcurrentLinkedDeque<ByteBuffer>[] idle;
  private final long idleBytesMax;
  private final AtomicLong idleBytes = new AtomicLong();
  private final AtomicLong takenBytes = new AtomicLong();

  /**
   * A pool that keeps at most so many idle bytes.
   *
   * @param idleBytesMax what is given back beyond it is left to the garbage collector
   */
  public BlockPool(long idleBytesMax) {
    this.idleBytesMax = idleBytesMax;
    @SuppressWarnings({"unchecked", "rawtypes"})
    ConcurrentLinkedDeque<ByteBuffer>[] queues = new ConcurrentLinkedDeque[CLASS_COUNT];
    for (int index = 0; index < CLASS_COUNT; index++) {
      queues[index] = new ConcurrentLinkedDeque<>();
    }
    this.idle = queues;
  }

  /**
   * A block with room for at least so many bytes; its buffer is clear. The caller owns one
   * reference.
   *
   * @throws IllegalArgumentException above {@link #BLOCK_BYTES_MAX}
   */
  public Block take(int leastBytes) {
    if (leastBytes < 0 || leastBytes > BLOCK_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a block has at most " + BLOCK_BYTES_MAX + " bytes, asked for " + leastBytes);
    }
    int index = classOf(leastBytes);
    int lengthBytes = BLOCK_BYTES_MIN << index;
    ByteBuffer memory = idle[index].poll();
    if (memory == null) {
      memory = allocate(lengthBytes);
    } else {
      idleBytes.addAndGet(-lengthBytes);
      memory.clear().order(ByteOrder.BIG_ENDIAN);
    }
    takenBytes.addAndGet(lengthBytes);
    return new Block(this, memory);
  }

  /** Bytes of the blocks that are out at this moment; tests use it to find leaks. */
  public long takenBytes() {
    return takenBytes.get();
  }

  /**
   * New memory. Where the process has no more, what lies idle here in other sizes is let go first:
   * a pipe must not fail for want of what nobody uses.
   *
   * @throws OutOfMemoryError when that does not help
   */
  private ByteBuffer allocate(int lengthBytes) {
    try {
      return ByteBuffer.allocateDirect(lengthBytes);
    } catch (OutOfMemoryError e) {
      if (dropIdle() == 0) {
        throw e;
      }
      // The JDK collects what is unreachable now before it gives up.
      return ByteBuffer.allocateDirect(lengthBytes);
    }
  }

  private long dropIdle() {
    long dropped = 0;
    for (ConcurrentLinkedDeque<ByteBuffer> queue : idle) {
      for (ByteBuffer memory = queue.poll(); memory != null; memory = queue.poll()) {
        dropped += memory.capacity();
      }
    }
    idleBytes.addAndGet(-dropped);
    return dropped;
  }

  void giveBack(ByteBuffer memory) {
    int lengthBytes = memory.capacity();
    takenBytes.addAndGet(-lengthBytes);
    if (idleBytes.get() + lengthBytes <= idleBytesMax) {
      idleBytes.addAndGet(lengthBytes);
      idle[classOf(lengthBytes)].addFirst(memory);
    }
  }

  private static int classOf(int lengthBytes) {
    int rounded = Math.max(lengthBytes, BLOCK_BYTES_MIN) - 1;
    return 32 - Integer.numberOfLeadingZeros(rounded) - CLASS_SHIFT;
  }
}
