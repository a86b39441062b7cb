package io.hostpipe.storage.spool;

import io.hostpipe.storage.Disk;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The room of a spool: files that are no segments now and will be some again, and what all of them
 * together may take.
 *
 * <p>A file is written full once and synced, so that a segment is only overwritten: that needs
 * neither room nor a journal of the file system. A file that just lost its name as a segment is not
 * written to before the folder is synced; else a crash could give it back its old name with new
 * content. Thread rule: the spool's writer.
 */
final class SegmentPool {
  /** Behind the number of a file that is no segment. */
  static final String SUFFIX = ".free";

  /** So much is kept for reuse, in segments of the greatest length. */
  private static final int IDLE_COUNT_MAX = 4;

  private static final int ZEROS_BYTES = 1 << 20;

  private final Disk disk;
  private final Path folder;
  private final SpoolOptions options;
  private final Map<Long, ArrayDeque<Path>> idle = new TreeMap<>();
  private @Nullable ByteBuffer zeros;
  private long usedBytes;
  private long idleBytes;
  private long nextNumber;
  private boolean namesChanged;
  private String shortage = "";

  SegmentPool(Disk disk, Path folder, SpoolOptions options) {
    this.disk = disk;
    this.folder = folder;
    this.options = options;
  }

  /** All segments and idle files. */
  long usedBytes() {
    return usedBytes;
  }

  /** Why the last {@link #take} gave nothing. */
  String shortage() {
    return shortage;
  }

  /** A segment was found. */
  void found(long lengthBytes) {
    usedBytes += lengthBytes;
  }

  /** An idle file was found: it is kept when it is whole. */
  void foundIdle(Path path, long lengthBytes) throws IOException {
    String name = path.getFileName().toString();
    String number = name.substring(0, name.length() - SUFFIX.length());
    nextNumber = Math.max(nextNumber, Long.parseLong(number) + 1);
    namesChanged = true;
    if (Long.bitCount(lengthBytes) == 1 && lengthBytes >= SpoolOptions.SEGMENT_BYTES_MIN) {
      usedBytes += lengthBytes;
      keep(path, lengthBytes);
    } else {
      disk.delete(path);
    }
  }

  /**
   * A file of this length that nobody uses, written full as a rule; null when there is no room for
   * it.
   *
   * @param beyondMax whether the spool's own limit may be passed: by a stream that lets go of as
   *     much in return
   * @param sparse whether a new file may stay empty but for its length
   */
  @Nullable DiskFile take(long lengthBytes, boolean beyondMax, boolean sparse) throws IOException {
    ArrayDeque<Path> paths = idle.get(lengthBytes);
    Path path = paths == null ? null : paths.poll();
    if (path != null) {
      idleBytes -= lengthBytes;
      syncNames();
      return disk.open(path);
    }
    if (!beyondMax && !makeRoom(lengthBytes)) {
      shortage = "it has reached its limit of " + options.bytesMax() + " bytes";
      return null;
    }
    long usableBytes = disk.usableBytes(folder);
    // Of a small file system less stays free than of a large one.
    long headroomBytes = Math.min(options.headroomBytes(), (usableBytes + usedBytes) / 8);
    if (usableBytes - headroomBytes < lengthBytes) {
      shortage =
          "its file system has "
              + usableBytes
              + " bytes left, of which "
              + headroomBytes
              + " stay free";
      return null;
    }
    return create(lengthBytes, sparse);
  }

  /** A file of {@link #take} was not needed, or is a segment no more and has this name now. */
  void giveBack(Path path, long lengthBytes) throws IOException {
    namesChanged = true;
    keep(path, lengthBytes);
  }

  /** A name that no file has. */
  Path newName() {
    return folder.resolve(nextNumber++ + SUFFIX);
  }

  /** The folder was synced. */
  void namesSynced() {
    namesChanged = false;
  }

  private void keep(Path path, long lengthBytes) throws IOException {
    if (idleBytes + lengthBytes > IDLE_COUNT_MAX * options.segmentBytes()
        || usedBytes > options.bytesMax()) {
      disk.delete(path);
      usedBytes -= lengthBytes;
      return;
    }
    idle.computeIfAbsent(lengthBytes, key -> new ArrayDeque<>()).add(path);
    idleBytes += lengthBytes;
  }

  private void syncNames() throws IOException {
    if (namesChanged) {
      Errors.syncFolder(disk, folder);
      namesChanged = false;
    }
  }

  /** Lets go of idle files of other lengths until one more of this length is within the limit. */
  private boolean makeRoom(long lengthBytes) throws IOException {
    Iterator<Map.Entry<Long, ArrayDeque<Path>>> each = idle.entrySet().iterator();
    while (usedBytes > options.bytesMax() - lengthBytes && each.hasNext()) {
      Map.Entry<Long, ArrayDeque<Path>> sized = each.next();
      while (usedBytes > options.bytesMax() - lengthBytes && !sized.getValue().isEmpty()) {
        disk.delete(sized.getValue().remove());
        usedBytes -= sized.getKey();
        idleBytes -= sized.getKey();
      }
    }
    return usedBytes <= options.bytesMax() - lengthBytes;
  }

  private @Nullable DiskFile create(long lengthBytes, boolean sparse) throws IOException {
    Path path = newName();
    DiskFile file = null;
    try {
      file = disk.open(path);
      ByteBuffer nothing = zeros;
      if (nothing == null) {
        nothing = ByteBuffer.allocateDirect(ZEROS_BYTES);
        zeros = nothing;
      }
      long begin = sparse ? lengthBytes - Store.PAGE_BYTES : 0;
      for (long offset = begin; offset < lengthBytes; offset += nothing.capacity()) {
        nothing.clear().limit((int) Math.min(nothing.capacity(), lengthBytes - offset));
        file.write(nothing, offset);
      }
      Errors.sync(file);
      usedBytes += lengthBytes;
      return file;
    } catch (IOException e) {
      if (file != null) {
        file.close();
      }
      if (!Errors.isOutOfRoom(e, disk, folder)) {
        throw e;
      }
      if (disk.exists(path)) {
        disk.delete(path);
      }
      shortage = "its file system says: " + Errors.reason(e);
      return null;
    }
  }
}
