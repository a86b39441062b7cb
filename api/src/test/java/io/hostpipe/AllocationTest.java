package io.hostpipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** A message costs a copy and a length, and no object. */
final class AllocationTest {
  private static final int MESSAGE_COUNT = 10_000_000;
  private static final int WARM_UP_COUNT = 1_000_000;
  private static final int BATCH_BYTES = 256 << 10;

  /** The batch itself, its views and its block: the same for one message and for thousands. */
  private static final int BATCH_OBJECTS_BYTES_MAX = 400;

  private final BlockPool pool = new BlockPool(1 << 20);
  private final ByteBuffer payload = ByteBuffer.allocateDirect(100);
  private long visitedBytes;
  private long position;

  @Test
  void nothingIsAllocatedForAMessage() throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    move(WARM_UP_COUNT);
    long before = threads.getCurrentThreadAllocatedBytes();
    move(MESSAGE_COUNT);
    long allocatedBytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(visitedBytes).isEqualTo((WARM_UP_COUNT + MESSAGE_COUNT) * 100L);
    assertThat(pool.takenBytes()).isZero();
    long batchCount = position / BATCH_BYTES + 1;
    assertThat((double) allocatedBytes / batchCount)
        .as("bytes of objects for each batch of thousands of messages")
        .isLessThan(BATCH_OBJECTS_BYTES_MAX);
    assertThat((double) allocatedBytes / MESSAGE_COUNT)
        .as("bytes of objects for each message")
        .isLessThan(0.2);
  }

  /** Fills batches and takes them apart again. */
  private void move(int messageCount) throws IOException {
    Batch.Visitor visitor = (end, content, headers) -> visitedBytes += content.remaining();
    int left = messageCount;
    while (left > 0) {
      BatchWriter writer = new BatchWriter(pool, Encoding.RECORDS, BATCH_BYTES);
      while (left > 0 && writer.add(payload.clear())) {
        left--;
      }
      try (Batch batch = writer.toBatch(Fixtures.STREAM, position)) {
        batch.forEach(visitor);
        position = batch.endPosition();
      }
    }
  }
}
