package io.hostpipe.session;

import java.nio.ByteBuffer;

/** The stream digest, passed in by the host: eight bytes of state at any position. */
public interface DigestFunction {
  /** The digest of no bytes. */
  long EMPTY = 0;

  /** The digest of the bytes digested so far followed by these; the position does not move. */
  long extend(long digest, ByteBuffer bytes);

  /**
   * The same for bytes whose CRC-32C is known, as it is of every frame's payload: a digest that is
   * made of it need not pass over them for it again.
   */
  default long extend(long digest, ByteBuffer bytes, int crc32c) {
    return extend(digest, bytes);
  }
}
