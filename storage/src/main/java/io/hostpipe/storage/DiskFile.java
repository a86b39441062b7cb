package io.hostpipe.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** An open file on a {@link Disk}. Thread rule: one thread writes, others may read meanwhile. */
public interface DiskFile extends AutoCloseable {
  /** The name it was opened by. */
  Path path();

  /**
   * Reads until the buffer is full or the file ends.
   *
   * @param offset in the file, in bytes
   * @return how many bytes were read; 0 at the file's end
   */
  int read(ByteBuffer into, long offset) throws IOException;

  /** Writes all that remains in the buffers, in their order, to one place of the file. */
  void write(ByteBuffer[] buffers, int bufferCount, long offset) throws IOException;

  /** Writes all that remains in the buffer. */
  default void write(ByteBuffer buffer, long offset) throws IOException {
    write(new ByteBuffer[] {buffer}, 1, offset);
  }

  /** How long the file is, in bytes. */
  long lengthBytes() throws IOException;

  /** Cuts off all behind this length. */
  void truncate(long lengthBytes) throws IOException;

  /**
   * Makes lasting what was written, and the length. After an exception nobody knows what the device
   * holds of it, and a second try may succeed without having done anything: never try again.
   */
  void sync() throws IOException;

  @Override
  void close();
}
