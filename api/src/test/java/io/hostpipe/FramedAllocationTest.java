package io.hostpipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.hostpipe.spi.BlockPool;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** To make messages of bytes, and bytes of messages, costs no object for each of them. */
final class FramedAllocationTest {
  private static final int RUN_BYTES = 256 << 10;
  private static final int RUN_COUNT = 1_000;
  private static final int WARM_UP_COUNT = 200;

  private final BlockPool pool = new BlockPool(4 << 20);
  private long messageCount;

  @ParameterizedTest
  @ValueSource(strings = {"lines", "delim:\\r\\n", "fixed:50", "u32", "varint"})
  void nothingIsAllocatedForAMessage(String text) throws Exception {
    Framing framing = Framing.parse(text);
    ByteBuffer run = ByteBuffer.allocateDirect(RUN_BYTES);
    ByteBuffer message = ByteBuffer.allocate(50);
    while (run.remaining() >= framing.encodedLengthBytes(message.capacity())) {
      framing.encode(message.clear(), run);
    }
    run.flip();
    ByteBuffer out = ByteBuffer.allocateDirect(RUN_BYTES);
    FrameDecoder decoder = framing.decoder();
    FrameEncoder encoder = new FrameEncoder(framing);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    move(decoder, encoder, run, out, WARM_UP_COUNT);
    messageCount = 0;
    long before = threads.getCurrentThreadAllocatedBytes();
    move(decoder, encoder, run, out, RUN_COUNT);
    long allocatedBytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(messageCount).isGreaterThan(RUN_COUNT * 4_000L);
    assertThat((double) allocatedBytes / messageCount)
        .as("bytes of objects for each message")
        .isLessThan(0.5);
    assertThat(out.flip()).isEqualTo(run.clear().limit(out.limit()));
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void aMessageThatCameInPiecesLeavesNothingBehind() throws Exception {
    FrameDecoder decoder = Framing.LINES.decoder();
    try (BatchWriter writer = new BatchWriter(pool, Encoding.RECORDS, RUN_BYTES)) {
      for (int count = 0; count < 1_000; count++) {
        decoder.moveTo(Fixtures.bytes("first"), writer);
        decoder.moveTo(Fixtures.bytes("half\n"), writer);
      }
      assertThat(writer.count()).isEqualTo(1_000);
      assertThat(decoder.restBytes()).isZero();
    }
  }

  private void move(
      FrameDecoder decoder, FrameEncoder encoder, ByteBuffer run, ByteBuffer out, int count)
      throws PipeException {
    for (int index = 0; index < count; index++) {
      BatchWriter writer = new BatchWriter(pool, Encoding.RECORDS, 2 * RUN_BYTES);
      ByteBuffer in = run.duplicate();
      decoder.moveTo(in, writer);
      assertThat(in.hasRemaining()).isFalse();
      try (Batch batch = writer.toBatch(Fixtures.STREAM, 0)) {
        messageCount += batch.count();
        encoder.begin(batch);
        out.clear();
        assertThat(encoder.encode(out)).isEqualTo(FrameEncoder.Outcome.DONE);
      }
    }
  }
}
