package io.hostpipe.runtime;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One connection of a carrier: bytes both ways, in order, until it breaks.
 *
 * <p>Thread rule: one thread reads and one writes at a time; {@link #close} may come from any
 * thread and wakes both.
 */
public interface Link extends AutoCloseable {
  /**
   * Reads into the targets in order. Blocks until there is at least one byte.
   *
   * @return the bytes read, or -1 when the peer closed its side
   */
  long read(ByteBuffer[] targets) throws IOException;

  /**
   * Writes all remaining bytes of the first so many buffers. Blocks until they are on their way.
   */
  void write(ByteBuffer[] buffers, int count) throws IOException;

  /** Tells the peer that nothing more will be written; reading goes on. */
  void shutdownOutput() throws IOException;

  /**
   * Whether it stands and nothing has come over it, while nobody reads: then another pipe may begin
   * on it. Never blocks. False where that cannot be told.
   */
  default boolean isQuiet() {
    return false;
  }

  /** The other end for people: host and port. */
  String peer();

  /** The scheme that talks over such a carrier to programs without our protocol. */
  default String plainScheme() {
    return "raw+tcp";
  }

  /** Breaks the connection. Idempotent. */
  @Override
  void close();
}
