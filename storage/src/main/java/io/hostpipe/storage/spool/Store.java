package io.hostpipe.storage.spool;

import io.hostpipe.StreamId;
import io.hostpipe.storage.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * What the logs of one folder share: the disk, the room on it, and the memory to lay out a write.
 *
 * <p>Thread rule: the spool's writer, but for the names.
 */
final class Store {
  /** The most records in one write. */
  static final int GATHER_RECORDS_MAX = 64;

  /** A write ends on such a border, so that the page there need not be read first. */
  static final int PAGE_BYTES = 4096;

  static final String SLOT_SUFFIX = ".slot";

  final Disk disk;
  final Path folder;
  final SpoolOptions options;
  final SegmentPool pool;
  final LongSupplier salts;

  /** Heads of records, and what fills up behind them. */
  final ByteBuffer heads =
      ByteBuffer.allocateDirect(
          GATHER_RECORDS_MAX * (RecordHeader.LENGTH_BYTES_MAX + RecordHeader.ALIGNMENT_BYTES)
              + PAGE_BYTES);

  final ByteBuffer[] gathered = new ByteBuffer[2 * GATHER_RECORDS_MAX + 1];

  Store(Disk disk, Path folder, SpoolOptions options, LongSupplier salts) {
    this.disk = disk;
    this.folder = folder;
    this.options = options;
    this.salts = salts;
    this.pool = new SegmentPool(disk, folder, options);
  }

  /** Makes a folder where it is missing, and its name lasting, and so those above it. */
  static void createFolders(Disk disk, Path folder) throws IOException {
    Path whole = folder.toAbsolutePath();
    Path parent = whole.getParent();
    if (parent == null) {
      return;
    }
    boolean isTop = parent.getParent() == null;
    if (!disk.exists(whole)) {
      if (!isTop) {
        createFolders(disk, parent);
      }
      disk.createFolders(whole);
      disk.syncFolder(parent);
    } else if (!isTop) {
      try {
        // Somebody may have made it and not lived long enough to sync that.
        disk.syncFolder(parent);
      } catch (AccessDeniedException e) {
        // Who may not read the folder above has not made this one.
      }
    }
  }

  Path segmentPath(String key, long sequence) {
    return folder.resolve(String.format("%s.%08d%s", key, sequence, Segment.SUFFIX));
  }

  Path slotPath(String key) {
    return folder.resolve(key + SLOT_SUFFIX);
  }

  /** Makes all new names lasting. */
  void syncNames() throws IOException {
    Errors.syncFolder(disk, folder);
    pool.namesSynced();
  }

  /** A name for a stream's files: of a fixed length, whatever the id looks like. */
  static String key(StreamId stream, int attempt) {
    long hash = 0xCBF2_9CE4_8422_2325L + attempt;
    for (byte each : stream.value().getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (each & 0xFF)) * 0x100_0000_01B3L;
    }
    return String.format("%016x", hash);
  }
}
