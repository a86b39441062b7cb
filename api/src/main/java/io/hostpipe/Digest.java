package io.hostpipe;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * The digest of a stream from position 0 up to some position: the pair (CRC32C, CRC32).
 *
 * <p>Eight bytes of state at any position, so it can be kept beside every position and compared at
 * resume and at the end. It finds accidents, not attackers: two independent 32-bit checks.
 *
 * @param crc32c CRC-32C (Castagnoli, RFC 3720 appendix B.4) of all bytes so far
 * @param crc32 CRC-32 (ISO 3309, as in gzip) of all bytes so far
 */
public record Digest(int crc32c, int crc32) {
  /** What both checksums pass over before they go on; half of a small first-level cache. */
  private static final int PIECE_BYTES = 16 << 10;

  /** The digest of the empty stream. */
  public static final Digest EMPTY = new Digest(0, 0);

  /** The digest of these remaining bytes alone. The buffer's position does not move. */
  public static Digest of(ByteBuffer bytes) {
    CRC32C crc32c = new CRC32C();
    CRC32 crc32 = new CRC32();
    update(bytes, crc32c, crc32);
    return new Digest((int) crc32c.getValue(), (int) crc32.getValue());
  }

  /** Both checksums in turns over pieces that stay in the fastest cache: memory is read once. */
  static void update(ByteBuffer bytes, CRC32C crc32c, CRC32 crc32) {
    ByteBuffer view = bytes.duplicate();
    int end = view.limit();
    for (int start = view.position(); start < end; start = view.limit()) {
      crc32c.update(view.limit(Math.min(start + PIECE_BYTES, end)));
      crc32.update(view.position(start));
    }
  }

  /** Unpacks what {@link #toLong} packed. */
  public static Digest fromLong(long packed) {
    return new Digest((int) (packed >>> 32), (int) packed);
  }

  /** Both halves in one long, the CRC32C in the upper half. */
  public long toLong() {
    return ((long) crc32c << 32) | (crc32 & 0xFFFF_FFFFL);
  }

  /** The digest of this stream followed by these remaining bytes. The position does not move. */
  public Digest extend(ByteBuffer bytes) {
    int lengthBytes = bytes.remaining();
    return lengthBytes == 0 ? this : join(of(bytes), lengthBytes);
  }

  /**
   * The same for bytes whose CRC-32C is known: they are passed over once instead of twice.
   *
   * @param crc32cOfBytes of these bytes alone
   */
  public Digest extend(ByteBuffer bytes, int crc32cOfBytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes.duplicate());
    return join(new Digest(crc32cOfBytes, (int) crc.getValue()), bytes.remaining());
  }

  /** The digest of this stream followed by another of that digest and length. */
  public Digest join(Digest next, long lengthBytes) {
    if (lengthBytes == 0) {
      return this;
    }
    return new Digest(
        CrcJoin.CASTAGNOLI.join(crc32c, next.crc32c, lengthBytes),
        CrcJoin.ISO.join(crc32, next.crc32, lengthBytes));
  }

  /** As people compare it: {@code crc32c:xxxxxxxx crc32:xxxxxxxx}. */
  @Override
  public String toString() {
    return String.format("crc32c:%08x crc32:%08x", crc32c, crc32);
  }
}
