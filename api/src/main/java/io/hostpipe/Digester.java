package io.hostpipe;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * A running {@link Digest} that can start at any known one.
 *
 * <p>Thread rule: one thread.
 */
public final class Digester {
  private final CRC32C crc32c = new CRC32C();
  private final CRC32 crc32 = new CRC32();
  private Digest base;
  private long lengthSinceBaseBytes;

  /** Goes on from this digest. */
  public Digester(Digest base) {
    this.base = base;
  }

  /** Adds the remaining bytes. The buffer's position does not move; it stays the caller's. */
  public void update(ByteBuffer bytes) {
    lengthSinceBaseBytes += bytes.remaining();
    Digest.update(bytes, crc32c, crc32);
  }

  /** The digest of everything so far. */
  public Digest digest() {
    if (lengthSinceBaseBytes == 0) {
      return base;
    }
    base =
        base.join(
            new Digest((int) crc32c.getValue(), (int) crc32.getValue()), lengthSinceBaseBytes);
    crc32c.reset();
    crc32.reset();
    lengthSinceBaseBytes = 0;
    return base;
  }
}
