package io.hostpipe.storage.spool;

import io.hostpipe.Encoding;
import io.hostpipe.StreamId;
import io.hostpipe.storage.Disk;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a stream beside its segments: a small file with three places, of which the newest
 * valid one counts.
 *
 * <p>Everything in it was true when it was written and stays so: it may be older than the segments,
 * never wrong. So most writes are not synced. Those have a place of their own, because a torn one
 * must not take with it what was synced; the synced ones take turns in the other two.
 *
 * @param generation grows with each write
 * @param synced a place that is surely on the device, segments permitting
 * @param released nobody needs what lies before it
 * @param delivered nor its end: all that the stream went to has confirmed it
 * @param forgotten the stream is being removed
 */
record Slot(
    long generation,
    StreamId stream,
    Encoding encoding,
    Place synced,
    long released,
    boolean delivered,
    boolean forgotten) {
  static final int BLOCK_BYTES = 4096;

  /** The place of what is not synced. */
  static final int HINT = 2;

  private static final int MAGIC = 0x4850_736C; // "HPsl"
  private static final int VERSION = 1;
  private static final int CONTENT_BYTES = 1024;
  private static final int FORGOTTEN_FLAG = 1;
  private static final int DELIVERED_FLAG = 2;

  /** The next one, by which the stream is forgotten. */
  Slot forget() {
    return new Slot(generation + 1, stream, encoding, synced, released, delivered, true);
  }

  /** The next one, by which the stream ends at a place. */
  Slot cutAt(Place place) {
    long newReleased = Math.min(released, place.position());
    return new Slot(generation + 1, stream, encoding, place, newReleased, false, false);
  }

  /**
   * Makes lasting what was found in a file. It may be in the system's memory only; and when a sync
   * of a former process failed, the system takes it for written, so that only writing it again
   * helps.
   */
  static void settle(DiskFile file) throws IOException {
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
    for (int place = 0; place <= HINT; place++) {
      long offset = (long) place * BLOCK_BYTES;
      if (file.read(block.clear(), offset) == BLOCK_BYTES) {
        file.write(block.flip(), offset);
      }
    }
    Errors.sync(file);
  }

  /** Writes it without syncing, to the place where that may be torn. */
  void hint(DiskFile file) throws IOException {
    write(file, HINT);
  }

  /** Writes it to one of the two places that count after a crash; the caller syncs. */
  void write(DiskFile file, int place) throws IOException {
    ByteBuffer out = ByteBuffer.allocateDirect(BLOCK_BYTES);
    out.putInt(MAGIC).putInt(0).putInt(VERSION).putInt(encoding == Encoding.RAW ? 0 : 1);
    int flags = (forgotten ? FORGOTTEN_FLAG : 0) | (delivered ? DELIVERED_FLAG : 0);
    out.putLong(generation).putLong(released).put((byte) flags);
    SegmentHeader.putStream(out, stream);
    SegmentHeader.putPlace(out, synced);
    out.clear();
    out.putInt(4, crc(out));
    file.write(out, (long) place * BLOCK_BYTES);
  }

  /**
   * What a slot file says.
   *
   * @param newest the newest valid one; null when there is none
   * @param syncedPlace where the newest of the two lies that were synced: not to be written over
   */
  record Read(@Nullable Slot newest, int syncedPlace) {}

  static Read read(Disk disk, Path path) throws IOException {
    try (DiskFile file = disk.openToRead(path)) {
      Slot newest = null;
      Slot newestSynced = null;
      int syncedPlace = 0;
      for (int index = 0; index <= HINT; index++) {
        ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
        Slot found = null;
        if (file.read(block, (long) index * BLOCK_BYTES) == BLOCK_BYTES) {
          found = of(block.flip());
        }
        if (found != null && (newest == null || found.generation > newest.generation)) {
          newest = found;
        }
        if (found != null
            && index != HINT
            && (newestSynced == null || found.generation > newestSynced.generation)) {
          newestSynced = found;
          syncedPlace = index;
        }
      }
      return new Read(newest, syncedPlace);
    }
  }

  private static @Nullable Slot of(ByteBuffer block) {
    if (block.getInt(0) != MAGIC || block.getInt(4) != crc(block) || block.getInt(8) != VERSION) {
      return null;
    }
    try {
      ByteBuffer in = block.duplicate().position(12);
      Encoding encoding = in.getInt() == 0 ? Encoding.RAW : Encoding.RECORDS;
      long generation = in.getLong();
      long released = in.getLong();
      int flags = in.get();
      StreamId stream = SegmentHeader.getStream(in);
      return new Slot(
          generation,
          stream,
          encoding,
          SegmentHeader.getPlace(in),
          released,
          (flags & DELIVERED_FLAG) != 0,
          (flags & FORGOTTEN_FLAG) != 0);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      return null; // its checksum is right, and yet it is not ours
    }
  }

  private static int crc(ByteBuffer block) {
    CRC32C crc = new CRC32C();
    crc.update(block.duplicate().limit(CONTENT_BYTES).position(8));
    return (int) crc.getValue();
  }
}
