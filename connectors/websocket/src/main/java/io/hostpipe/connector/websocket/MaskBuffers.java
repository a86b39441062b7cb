package io.hostpipe.connector.websocket;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Buffers that payload is masked into, lent for one write: an idle link holds none. One that does
 * not come back is the collector's. Thread rule: any.
 */
final class MaskBuffers {
  /** Large enough that a system call costs little, small enough to stay in the cache. */
  private static final int SIZE_BYTES = 128 << 10;

  private static final int KEPT_COUNT_MAX = 8;

  private static final ConcurrentLinkedDeque<ByteBuffer> KEPT = new ConcurrentLinkedDeque<>();
  private static final AtomicInteger KEPT_COUNT = new AtomicInteger();

  private MaskBuffers() {}

  /** An empty buffer: the caller's, until given back. */
  static ByteBuffer take() {
    ByteBuffer buffer = KEPT.pollFirst();
    if (buffer == null) {
      return ByteBuffer.allocateDirect(SIZE_BYTES);
    }
    KEPT_COUNT.decrementAndGet();
    return buffer.clear();
  }

  /** Gives one back; the caller uses it no more. */
  static void give(ByteBuffer buffer) {
    if (KEPT_COUNT.incrementAndGet() <= KEPT_COUNT_MAX) {
      KEPT.offerFirst(buffer);
    } else {
      KEPT_COUNT.decrementAndGet();
    }
  }
}
