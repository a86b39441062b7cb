package io.hostpipe;

import io.hostpipe.spi.BlockPool;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** What the tests of this package build again and again. */
final class Fixtures {
  static final StreamId STREAM = new StreamId("stream");

  private Fixtures() {}

  /** A batch over exactly these bytes, whatever they are. */
  static Batch batch(BlockPool pool, Encoding encoding, long position, byte[] wire) {
    var block = pool.take(wire.length);
    return new Batch(
        STREAM, encoding, position, block.buffer().put(wire).flip(), block, Cursor.of("c"));
  }

  /** Messages of these texts as one batch. */
  static Batch messages(BlockPool pool, long position, String... texts) throws PipeException {
    try (BatchWriter writer = new BatchWriter(pool, Encoding.RECORDS, 1 << 16)) {
      for (String text : texts) {
        if (!writer.add(bytes(text))) {
          throw new IllegalArgumentException("too long for one batch: " + text);
        }
      }
      return writer.toBatch(STREAM, position);
    }
  }

  static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  static String text(ByteBuffer bytes) {
    return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
  }

  static byte[] random(Random random, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    random.nextBytes(bytes);
    return bytes;
  }
}
