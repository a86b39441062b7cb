package io.hostpipe.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * A part of a file, and the CRC-32C of what it had there.
 *
 * @param begin offset of its first byte
 * @param end offset behind its last byte
 */
record FileRange(long begin, long end, int crc) {
  private static final int PIECE_BYTES = 256 << 10;

  /** What the file has there now. */
  static FileRange of(DiskFile file, long begin, long end) throws IOException {
    CRC32C crc = new CRC32C();
    ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
    for (long at = begin; at < end; at += piece.limit()) {
      piece.clear().limit((int) Math.min(PIECE_BYTES, end - at));
      if (file.read(piece, at) == 0) {
        return new FileRange(begin, at, (int) crc.getValue());
      }
      crc.update(piece.flip());
    }
    return new FileRange(begin, end, (int) crc.getValue());
  }

  /** Whether the file has the same there now. */
  boolean isIn(DiskFile file) throws IOException {
    return equals(of(file, begin, end));
  }
}
