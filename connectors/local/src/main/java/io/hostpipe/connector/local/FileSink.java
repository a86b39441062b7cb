package io.hostpipe.connector.local;

import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * One stream's way into a regular file: every byte has its place, so a write that was cut short is
 * simply written again.
 */
final class FileSink extends SynchronousSink {
  /** Who hears that the sink has let go. */
  interface Owner {
    void released(Resume held, boolean finished, @Nullable PipeException failure);
  }

  private final LocalFile file;
  private final FileChannel channel;
  private final long base;
  private final Owner owner;

  /**
   * A sink that goes on from here.
   *
   * @param channel the owner's, who also closes it
   * @param base where in the file the stream's position 0 is
   */
  FileSink(
      StreamId stream,
      LocalFile file,
      BlockPool pool,
      Resume from,
      FileChannel channel,
      long base,
      Owner owner) {
    super(stream, file.path().toString(), pool, from);
    this.file = file;
    this.channel = channel;
    this.base = base;
    this.owner = owner;
  }

  @Override
  void put(ByteBuffer bytes, long position) throws IOException {
    long offset = base + position;
    while (bytes.hasRemaining()) {
      offset += channel.write(bytes, offset);
    }
  }

  @Override
  void settle(long endPosition) throws IOException {
    channel.force(false);
    long lengthBytes = channel.size();
    if (lengthBytes != base + endPosition || !file.isStillThere()) {
      throw new PipeException.DataLoss(
          file.path()
              + " was cut, continued or replaced by somebody else: it should have "
              + (base + endPosition)
              + " bytes and has "
              + (file.isStillThere() ? lengthBytes + "" : "another identity"));
    }
  }

  @Override
  boolean countsPartialWrites() {
    return false;
  }

  /** Nothing: writing a regular file does not wait for anybody. */
  @Override
  void wakeWriter() {}

  @Override
  void released(Resume held, boolean finished, @Nullable PipeException failure) {
    owner.released(held, finished, failure);
  }
}
