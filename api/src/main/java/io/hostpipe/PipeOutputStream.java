package io.hostpipe;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** The outgoing bytes of a pipe as a stream; see {@link Pipe#outputStream}. */
final class PipeOutputStream extends OutputStream {
  private final PipeWriteChannel channel;

  PipeOutputStream(PipeWriteChannel channel) {
    this.channel = channel;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] from, int offset, int lengthBytes) throws IOException {
    channel.write(ByteBuffer.wrap(from, offset, lengthBytes));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
