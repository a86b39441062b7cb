package io.hostpipe.connector.tail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.zip.CRC32C;

/**
 * What a file's content looks like in front of an offset: its first bytes, and those just before
 * the offset. An inode number is given to a new file as soon as the old one is gone, and a
 * truncated file keeps its own; this tells such files apart.
 *
 * @param headBytes how many first bytes were taken
 * @param headCrc their CRC-32C
 * @param tailCrc the CRC-32C of the last bytes before the offset
 */
record Fingerprint(int headBytes, int headCrc, int tailCrc) {
  /** The most first bytes that are taken. */
  static final int HEAD_BYTES_MAX = 1024;

  /** The most bytes before the offset that are taken. */
  static final int TAIL_BYTES_MAX = 256;

  /** What a file looks like in front of an offset that it has. */
  static Fingerprint of(FileChannel file, long offset) throws IOException {
    int headBytes = (int) Math.min(offset, HEAD_BYTES_MAX);
    return new Fingerprint(headBytes, crc(file, 0, headBytes), tailCrc(file, offset));
  }

  /** Whether the file has this content before the offset. */
  boolean matches(FileChannel file, long offset) throws IOException {
    return file.size() >= offset && matchesHead(file) && tailCrc(file, offset) == tailCrc;
  }

  /** Whether the file begins with the same bytes. */
  boolean matchesHead(FileChannel file) throws IOException {
    return file.size() >= headBytes && crc(file, 0, headBytes) == headCrc;
  }

  private static int tailCrc(FileChannel file, long offset) throws IOException {
    int tailBytes = (int) Math.min(offset, TAIL_BYTES_MAX);
    return crc(file, offset - tailBytes, tailBytes);
  }

  private static int crc(FileChannel file, long from, int lengthBytes) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(lengthBytes);
    long at = from;
    while (bytes.hasRemaining()) {
      int readBytes = file.read(bytes, at);
      if (readBytes < 0) {
        break;
      }
      at += readBytes;
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes.flip());
    return (int) crc.getValue();
  }
}
