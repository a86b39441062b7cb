package io.hostpipe.connector.local;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A regular file as a source of raw bytes: the position is the offset in the file, so no cursor is
 * needed and it can go anywhere.
 *
 * <p>The stream ends where the file ends at that moment. A file that became shorter than what was
 * read of it is data loss. Reads of a regular file do not wait, so nothing needs to be woken.
 */
final class FileSource implements Source {
  /** What one read asks for. */
  static final int BLOCK_BYTES = 256 << 10;

  private final Path path;
  private final StreamId stream;
  private final BlockPool pool;
  private final boolean verifies;
  private final Object fileKey;
  private final FileChannel channel;
  private final AtomicBoolean closed = new AtomicBoolean();
  private long position;
  private long lengthSeenBytes;
  private boolean finished;

  private FileSource(
      Path path,
      StreamId stream,
      BlockPool pool,
      boolean verifies,
      Object fileKey,
      FileChannel channel) {
    this.path = path;
    this.stream = stream;
    this.pool = pool;
    this.verifies = verifies;
    this.fileKey = fileKey;
    this.channel = channel;
  }

  /**
   * Opens the file.
   *
   * @param verifies whether what lies before the position of {@link #seek} is read again
   */
  static FileSource open(LocalFile file, StreamId stream, BlockPool pool, boolean verifies)
      throws PipeException {
    FilesInUse.beginReading(file.key(), file.path().toString());
    try {
      FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.READ);
      return new FileSource(file.path(), stream, pool, verifies, file.key(), channel);
    } catch (IOException e) {
      FilesInUse.endReading(file.key());
      throw IoErrors.opening(file.path(), e);
    }
  }

  @Override
  public StreamId stream() {
    return stream;
  }

  @Override
  public Encoding encoding() {
    return Encoding.RAW;
  }

  @Override
  public boolean replayable() {
    return true;
  }

  @Override
  public boolean seek(Resume from) throws PipeException, InterruptedException {
    checkNotInterrupted();
    try {
      checkLongEnough(from.position(), "the sink holds");
      Digest wanted = from.digest();
      boolean verified = from.position() == 0;
      if (!verified && verifies && wanted != null) {
        verify(from.position(), wanted);
        verified = true;
      }
      position = from.position();
      finished = false;
      return verified;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public @Nullable Batch read() throws PipeException, InterruptedException {
    checkNotInterrupted();
    if (finished) {
      return null;
    }
    try {
      Block block = pool.take(blockBytes());
      ByteBuffer bytes = block.buffer();
      int readBytes;
      try {
        readBytes = readInto(bytes, position);
      } catch (IOException | RuntimeException e) {
        block.release();
        throw e;
      }
      if (readBytes <= 0) {
        block.release();
        checkLongEnough(position, "this pipe has read");
        checkLongEnough(lengthSeenBytes, "it had");
        finished = true;
        return null;
      }
      Batch batch = new Batch(stream, Encoding.RAW, position, bytes.flip(), block, null);
      position += readBytes;
      return batch;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
    return read();
  }

  @Override
  public boolean finished() {
    return finished;
  }

  @Override
  public boolean wantsCommits() {
    return false;
  }

  /** Nothing: a file keeps what it has. */
  @Override
  public void commit(long committedPosition) {}

  /** Nothing: raw bytes have no messages, so no sink refuses one. */
  @Override
  public void reject(long endPosition, Rejection why) {}

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      try {
        channel.close();
      } catch (IOException e) {
        // It was only read.
      }
      FilesInUse.endReading(fileKey);
    }
  }

  /** A small file, or the look whether there is more, takes no large block. */
  private int blockBytes() throws IOException {
    long lengthBytes = channel.size();
    lengthSeenBytes = Math.max(lengthSeenBytes, lengthBytes);
    long restBytes = Math.max(0, lengthBytes - position);
    return (int) Math.min(restBytes, BLOCK_BYTES);
  }

  private int readInto(ByteBuffer bytes, long from) throws IOException {
    int readBytes;
    do {
      readBytes = channel.read(bytes, from);
    } while (readBytes == 0 && bytes.hasRemaining());
    return readBytes;
  }

  private void checkLongEnough(long neededBytes, String who) throws IOException {
    long lengthBytes = channel.size();
    if (lengthBytes < neededBytes) {
      throw new PipeException.DataLoss(
          path
              + " has "
              + lengthBytes
              + " bytes, and "
              + who
              + " "
              + neededBytes
              + " already: it was cut or replaced");
    }
  }

  private void verify(long end, Digest wanted) throws IOException {
    Digester digester = new Digester(Digest.EMPTY);
    Block block = pool.take(BLOCK_BYTES);
    try {
      long at = 0;
      while (at < end) {
        ByteBuffer bytes = block.buffer().clear();
        bytes.limit((int) Math.min(bytes.capacity(), end - at));
        int readBytes = readInto(bytes, at);
        if (readBytes < 0) {
          checkLongEnough(end, "the sink holds");
        }
        digester.update(bytes.flip());
        at += readBytes;
      }
    } finally {
      block.release();
    }
    Digest found = digester.digest();
    if (!found.equals(wanted)) {
      throw new PipeException.DataLoss(
          path
              + " has other bytes before position "
              + end
              + " than the sink holds: here "
              + found
              + ", there "
              + wanted);
    }
  }

  private void checkNotInterrupted() throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before reading " + path);
    }
  }

  private PipeException failed(IOException error) throws InterruptedException {
    if (error instanceof PipeException known) {
      return known;
    }
    if (error instanceof ClosedByInterruptException) {
      Thread.interrupted();
      throw new InterruptedException("interrupted while reading " + path);
    }
    return IoErrors.reading(path.toString(), position, error);
  }
}
