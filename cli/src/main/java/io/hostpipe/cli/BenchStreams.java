package io.hostpipe.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/** A bench over two pipes of the operating system: what a local pipe gives, without us. */
final class BenchStreams implements BenchLink {
  private final ReadableByteChannel in;
  private final WritableByteChannel out;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(Bench.CHUNK_BYTES);
  private final ByteBuffer direct = ByteBuffer.allocateDirect(Bench.CHUNK_BYTES);

  /** Owns both. */
  BenchStreams(FileChannel in, FileChannel out) {
    this.in = in;
    this.out = out;
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      int lengthBytes = Math.min(bytes.remaining(), direct.capacity());
      direct.clear().put(bytes.slice(bytes.position(), lengthBytes)).flip();
      bytes.position(bytes.position() + lengthBytes);
      while (direct.hasRemaining()) {
        out.write(direct);
      }
    }
  }

  @Override
  public void finish() throws IOException {
    out.close();
  }

  @Override
  public @Nullable ByteBuffer next() throws IOException {
    return in.read(buffer.clear()) < 0 ? null : buffer.flip();
  }

  @Override
  public void close() {
    try (in;
        out) {
      // The descriptors are released in any case.
    } catch (IOException e) {
      // Nothing more is asked of them.
    }
  }
}
