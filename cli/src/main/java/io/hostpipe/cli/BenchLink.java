package io.hostpipe.cli;

import io.hostpipe.PipeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Bytes both ways between the two sides of a bench, whatever carries them.
 *
 * <p>Thread rule: one thread reads, one writes.
 */
interface BenchLink extends AutoCloseable {
  /** Sends all remaining bytes; blocks while the other side cannot take them. */
  void write(ByteBuffer bytes) throws IOException, InterruptedException;

  /** Says that nothing more is sent. */
  void finish() throws IOException, InterruptedException;

  /** The next bytes, valid until the next call; null at the end of what the other side sends. */
  @Nullable ByteBuffer next() throws IOException, InterruptedException;

  @Override
  void close() throws PipeException;
}
