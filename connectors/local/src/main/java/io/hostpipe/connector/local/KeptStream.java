package io.hostpipe.connector.local;

import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A file together with the places kept beside it: which stream it holds, and up to where that can
 * be believed.
 *
 * <p>The newest place counts whose data is there. What the file has behind it was written and not
 * kept, and is cut off. Thread rule: one thread at a time.
 */
final class KeptStream implements AutoCloseable {
  /** One batch may have been written and not kept, and none is longer. */
  static final long UNKEPT_BYTES_MAX = BlockPool.BLOCK_BYTES_MAX;

  private final LocalFile file;
  private final long inode;
  private final BlockPool pool;
  private final KeptPlaces places;
  private List<KeptPlaces.Kept> found;

  private KeptStream(LocalFile file, boolean isNew, BlockPool pool, KeptPlaces places)
      throws IOException {
    this.file = file;
    this.inode = file.inode() instanceof Number number ? number.longValue() : 0;
    this.pool = pool;
    this.places = places;
    List<KeptPlaces.Kept> slots = places.read();
    this.found = isNew ? List.of() : slots;
  }

  /**
   * Opens what is kept beside a file.
   *
   * @param isNew the file was made just now: what was kept was of another
   */
  static KeptStream open(LocalFile file, boolean isNew, BlockPool pool) throws IOException {
    return new KeptStream(file, isNew, pool, KeptPlaces.open(file.path()));
  }

  /** Which stream the file holds; null when nothing was kept of it, or of another file. */
  @Nullable StreamId stream() {
    return found.isEmpty() || found.getFirst().inode() != inode ? null : found.getFirst().stream();
  }

  /**
   * Where the stream goes on; what the file has behind that is cut off.
   *
   * @param channel on the file, for reading and writing
   * @throws PipeException DataLoss when what was kept is not there, or somebody else went on
   */
  KeptPlaces.Kept goOn(FileChannel channel) throws IOException {
    long lengthBytes = channel.size();
    for (int index = 0; index < found.size(); index++) {
      KeptPlaces.Kept kept = found.get(index);
      KeptPlaces.Kept before = index + 1 < found.size() ? found.get(index + 1) : null;
      if (kept.end() <= lengthBytes && isThere(kept, before, channel)) {
        if (lengthBytes - kept.end() > UNKEPT_BYTES_MAX) {
          throw new PipeException.DataLoss(
              file.path()
                  + " goes on for "
                  + (lengthBytes - kept.end())
                  + " bytes behind what was kept of it: somebody else wrote to it; take another"
                  + " file, or move this one away with the one beside it");
        }
        channel.truncate(kept.end());
        found = List.of();
        return kept;
      }
    }
    throw new PipeException.DataLoss(
        file.path()
            + " does not hold what was kept of the stream "
            + stream()
            + ": it should have "
            + found.getFirst().end()
            + " bytes and has "
            + lengthBytes
            + ", or other ones; was it cut, or the power lost? Send the stream into a new file");
  }

  /** Another stream begins in the file: what was kept of the one before is void. */
  void begin(StreamId stream, long base) throws IOException {
    found = List.of();
    keep(stream, base, Resume.START);
  }

  void keep(StreamId stream, long base, Resume held) throws IOException {
    places.write(inode, stream, base, held);
  }

  void sync() throws IOException {
    places.sync();
  }

  @Override
  public void close() {
    places.close();
  }

  /** Whether the data between the place before and this one is what was written. */
  private boolean isThere(
      KeptPlaces.Kept kept, KeptPlaces.@Nullable Kept before, FileChannel channel)
      throws IOException {
    if (before == null
        || !before.stream().equals(kept.stream())
        || before.base() != kept.base()
        || before.held().position() > kept.held().position()) {
      return true;
    }
    Digest from = before.held().digest();
    Digester digester = new Digester(from == null ? Digest.EMPTY : from);
    Block block = pool.take(FileSource.BLOCK_BYTES);
    try {
      long at = before.end();
      while (at < kept.end()) {
        ByteBuffer bytes = block.buffer().clear();
        bytes.limit((int) Math.min(bytes.capacity(), kept.end() - at));
        int readBytes = channel.read(bytes, at);
        if (readBytes < 0) {
          return false;
        }
        digester.update(bytes.flip());
        at += readBytes;
      }
    } finally {
      block.release();
    }
    return digester.digest().equals(kept.held().digest());
  }

  /** What is said when the file holds another stream. */
  PipeException otherStream(StreamId wanted) {
    return new PipeException.Refused(
        Status.ALREADY_EXISTS,
        file.path()
            + " holds the stream "
            + stream()
            + ", so "
            + wanted
            + " cannot go on in it; give it a file of its own, or add the word 'append'");
  }
}
