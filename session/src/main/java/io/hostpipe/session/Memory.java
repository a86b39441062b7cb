package io.hostpipe.session;

import java.nio.ByteBuffer;

/** Where received bytes are put; passed in by the host. */
public interface Memory {
  /** A piece with room for at least so many bytes; the caller owns its lease. */
  Piece take(int leastBytes);

  /**
   * A piece of memory.
   *
   * @param buffer clear, at least as large as asked
   * @param lease to be released when the bytes are no longer needed
   */
  record Piece(ByteBuffer buffer, Lease lease) {}
}
