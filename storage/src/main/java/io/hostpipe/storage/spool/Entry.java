package io.hostpipe.storage.spool;

import io.hostpipe.Cursor;
import io.hostpipe.spi.Block;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A record on its way into a log, and in memory as long as a reader may want it.
 *
 * @param before the place that it begins at
 * @param behind the place that it leads to
 * @param bytes its payload, whose position nobody moves
 * @param block what the bytes lie in, of which the entry holds a reference; null when it has none
 * @param payloadCrc32c of the bytes alone
 * @param inside whether it begins inside a message
 * @param messageCount how many messages it holds; -1 when they were not counted
 * @param cursor the source's place behind it
 */
record Entry(
    RecordHeader.Kind kind,
    Place before,
    Place behind,
    ByteBuffer bytes,
    @Nullable Block block,
    int payloadCrc32c,
    boolean inside,
    int messageCount,
    @Nullable Cursor cursor) {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** A record without bytes. */
  static Entry mark(RecordHeader.Kind kind, Place before, Place behind) {
    return new Entry(kind, before, behind, NOTHING, null, 0, false, 0, null);
  }

  int lengthBytes() {
    return bytes.remaining();
  }

  /** The memory that it keeps from being used again. */
  long memoryBytes() {
    return block == null ? 0 : block.capacityBytes();
  }

  void release() {
    if (block != null) {
      block.release();
    }
  }
}
