package io.hostpipe;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** The incoming bytes of a pipe as a stream; see {@link Pipe#inputStream}. */
final class PipeInputStream extends InputStream {
  private final PipeReadChannel channel;
  private final ByteBuffer one = ByteBuffer.allocate(1);

  PipeInputStream(PipeReadChannel channel) {
    this.channel = channel;
  }

  @Override
  public int read() throws IOException {
    return channel.read(one.clear()) < 0 ? -1 : one.get(0) & 0xFF;
  }

  @Override
  public int read(byte[] to, int offset, int lengthBytes) throws IOException {
    return channel.read(ByteBuffer.wrap(to, offset, lengthBytes));
  }

  @Override
  public int available() {
    return channel.availableBytes();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
