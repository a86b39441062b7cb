package io.hostpipe.connector.grpc;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * The next bytes of some buffers, as grpc-java wants to be given a message. It is drained before
 * {@code sendMessage} returns: the buffers stay the caller's. Thread rule: one thread.
 */
final class Chunk extends InputStream implements KnownLength, Drainable {
  /** Small enough to stay in the processor's cache on its way from one buffer to the other. */
  private static final int STEP_BYTES_MAX = 32 << 10;

  private final ByteBuffer[] buffers;
  private final byte[] step;
  private int restBytes;
  private int index;

  /**
   * Of the first so many bytes that remain.
   *
   * @param step scratch memory, the link's own
   */
  Chunk(ByteBuffer[] buffers, int lengthBytes, byte[] step) {
    this.buffers = buffers;
    this.restBytes = lengthBytes;
    this.step = step;
  }

  static byte[] newStep() {
    return new byte[STEP_BYTES_MAX];
  }

  @Override
  public int available() {
    return restBytes;
  }

  @Override
  public int drainTo(OutputStream target) throws IOException {
    int drainedBytes = 0;
    while (restBytes > 0) {
      int stepBytes = read(step, 0, step.length);
      target.write(step, 0, stepBytes);
      drainedBytes += stepBytes;
    }
    return drainedBytes;
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] target, int offset, int lengthBytes) {
    if (restBytes == 0) {
      return -1;
    }
    int filledBytes = 0;
    int wantedBytes = Math.min(lengthBytes, restBytes);
    while (filledBytes < wantedBytes) {
      ByteBuffer buffer = buffers[index];
      int partBytes = Math.min(wantedBytes - filledBytes, buffer.remaining());
      buffer.get(target, offset + filledBytes, partBytes);
      filledBytes += partBytes;
      if (!buffer.hasRemaining()) {
        index++;
      }
    }
    restBytes -= filledBytes;
    return filledBytes;
  }
}
