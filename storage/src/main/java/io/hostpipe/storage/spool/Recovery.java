package io.hostpipe.storage.spool;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** Brings a stream's files into a state that can be written on. Thread rule: the spool's writer. */
final class Recovery {
  private static final int REWRITE_BYTES = 256 << 10;

  private Recovery() {}

  /**
   * What a stream's log goes on from.
   *
   * @param offset behind the last record in the last segment
   */
  record Found(
      String key,
      StreamId stream,
      Encoding encoding,
      List<Segment> segments,
      Place end,
      long released,
      long offset,
      boolean hasSlot,
      long slotGeneration,
      int slotPlace) {}

  /**
   * Looks at the files, takes away what does not count, and syncs the rest.
   *
   * @throws PipeException DataLoss when bytes are lost; nothing was changed then
   */
  static Found recover(Store store, StreamFiles files) throws IOException {
    Look.Found found = Look.at(store.disk, store.folder, files);
    if (!found.segments().isEmpty()) {
      Segment last = found.segments().getLast();
      try (DiskFile file = store.disk.open(last.path())) {
        wipe(file, last, found.strays());
        rewrite(file, found.doubtOffset(), found.offset());
        Errors.sync(file);
      }
    }
    if (!found.leftovers().isEmpty()) {
      // What says that nobody needs them has to be lasting before they go.
      try (DiskFile slot = store.disk.open(store.slotPath(files.key()))) {
        Slot.settle(slot);
      }
    }
    for (StreamFiles.Part each : found.leftovers()) {
      Path idle = store.pool.newName();
      store.disk.move(each.path(), idle);
      store.pool.giveBack(idle, each.lengthBytes());
    }
    Slot slot = files.slot();
    return new Found(
        files.key(),
        files.stream(),
        files.encoding(),
        found.segments(),
        found.end(),
        found.released(),
        found.offset(),
        slot != null,
        slot == null ? 0 : slot.generation(),
        files.slotPlace());
  }

  /** Whatever will be written here must not be followed by a record of a former life. */
  static void wipe(DiskFile file, Segment segment, List<Long> offsets) throws IOException {
    for (long each : offsets) {
      int lengthBytes = (int) Math.min(RecordHeader.LENGTH_BYTES, segment.lengthBytes() - each);
      file.write(ByteBuffer.allocateDirect(lengthBytes), each);
    }
  }

  /**
   * Writes again what was found and is not surely on the device: from here on it counts as safe. A
   * sync alone does nothing where one of a former process failed, since the system takes the bytes
   * for written.
   */
  private static void rewrite(DiskFile file, long from, long to) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(REWRITE_BYTES);
    for (long at = from; at < to; at += REWRITE_BYTES) {
      bytes.clear().limit((int) Math.min(REWRITE_BYTES, to - at));
      int readBytes = file.read(bytes, at);
      file.write(bytes.flip().limit(readBytes), at);
    }
  }
}
