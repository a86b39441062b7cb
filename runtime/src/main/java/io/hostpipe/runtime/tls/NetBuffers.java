package io.hostpipe.runtime.tls;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Buffers of one size for TLS records, lent for as long as bytes pass: an idle link holds none.
 *
 * <p>They are on the heap: the JDK's AES-GCM is three to four times as fast on arrays as on direct
 * memory (docs/DECISIONS.md). One that does not come back is the collector's. Thread rule: any.
 */
final class NetBuffers {
  /** What the engine may want of room for one record. */
  static final int RECORD_BYTES_MAX = 16_709;

  private static final int RECORDS_AT_A_TIME = 8;
  private static final int KEPT_COUNT_MAX = 16;

  /** For ciphertext: several records, so that they pass the system together. */
  static final NetBuffers RECORDS = new NetBuffers(RECORDS_AT_A_TIME * RECORD_BYTES_MAX);

  /** For the plaintext of one record that its reader has no room for. */
  static final NetBuffers PLAIN = new NetBuffers(RECORD_BYTES_MAX);

  private final ConcurrentLinkedDeque<ByteBuffer> kept = new ConcurrentLinkedDeque<>();
  private final AtomicInteger keptCount = new AtomicInteger();
  private final int sizeBytes;

  private NetBuffers(int sizeBytes) {
    this.sizeBytes = sizeBytes;
  }

  /** An empty buffer: the caller's, until given back or forgotten. The one that was used last. */
  ByteBuffer take() {
    ByteBuffer buffer = kept.pollFirst();
    if (buffer == null) {
      return ByteBuffer.allocate(sizeBytes);
    }
    keptCount.decrementAndGet();
    return buffer.clear();
  }

  /** Gives one back; the caller uses it no more. */
  void give(ByteBuffer buffer) {
    if (keptCount.incrementAndGet() <= KEPT_COUNT_MAX) {
      kept.offerFirst(buffer);
    } else {
      keptCount.decrementAndGet();
    }
  }
}
