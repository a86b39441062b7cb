package io.hostpipe.storage.spool;

import io.hostpipe.storage.Disk;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A disk that leaves out one kind of call, as a spool would that forgets to make it. */
final class BrokenDisk extends ForwardingDisk {
  /** What is forgotten. */
  enum Forgets {
    /** What is acknowledged was not synced. */
    SYNC_OF_SEGMENTS,
    /** A segment has its name before its head is on the device. */
    SYNC_OF_NEW_SEGMENTS,
    /** A segment is let go of before its slot says so. */
    SYNC_OF_SLOTS,
    /** A segment may not be found again. */
    SYNC_OF_NAMES,
    /** Behind a cut end lie records of a former life. */
    WIPING
  }

  private final Forgets forgets;

  BrokenDisk(Disk disk, Forgets forgets) {
    super(disk);
    this.forgets = forgets;
  }

  @Override
  public void syncFolder(Path folder) throws IOException {
    if (forgets != Forgets.SYNC_OF_NAMES) {
      super.syncFolder(folder);
    }
  }

  @Override
  DiskFile opened(DiskFile file) {
    return new BrokenFile(file);
  }

  private final class BrokenFile extends ForwardingFile {
    private boolean synced;

    BrokenFile(DiskFile file) {
      super(file);
    }

    @Override
    public void write(ByteBuffer[] buffers, int bufferCount, long offset) throws IOException {
      boolean wipes = bufferCount == 1 && buffers[0].remaining() == RecordHeader.LENGTH_BYTES;
      if (forgets != Forgets.WIPING || !wipes) {
        super.write(buffers, bufferCount, offset);
      }
    }

    @Override
    public void sync() throws IOException {
      String name = path().toString();
      boolean isNew = name.endsWith(SegmentPool.SUFFIX) && !synced;
      boolean forgotten =
          switch (forgets) {
            case SYNC_OF_SEGMENTS -> name.endsWith(Segment.SUFFIX) || (synced && !isNew);
            case SYNC_OF_NEW_SEGMENTS -> isNew;
            case SYNC_OF_SLOTS -> name.endsWith(Store.SLOT_SUFFIX);
            case SYNC_OF_NAMES, WIPING -> false;
          };
      synced = true;
      if (!forgotten) {
        super.sync();
      }
    }
  }
}
