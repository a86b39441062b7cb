package io.hostpipe.storage.spool;

import io.hostpipe.storage.Disk;
import io.hostpipe.storage.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** A disk that leaves out one kind of call, as a spool would that forgets to make it. */
final class BrokenDisk implements Disk {
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

  private final Disk disk;
  private final Forgets forgets;

  BrokenDisk(Disk disk, Forgets forgets) {
    this.disk = disk;
    this.forgets = forgets;
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return new BrokenFile(disk.open(file));
  }

  @Override
  public DiskFile openToRead(Path file) throws IOException {
    return disk.openToRead(file);
  }

  @Override
  public boolean exists(Path path) throws IOException {
    return disk.exists(path);
  }

  @Override
  public List<Path> list(Path folder) throws IOException {
    return disk.list(folder);
  }

  @Override
  public void createFolders(Path folder) throws IOException {
    disk.createFolders(folder);
  }

  @Override
  public void move(Path from, Path to) throws IOException {
    disk.move(from, to);
  }

  @Override
  public void delete(Path path) throws IOException {
    disk.delete(path);
  }

  @Override
  public void syncFolder(Path folder) throws IOException {
    if (forgets != Forgets.SYNC_OF_NAMES) {
      disk.syncFolder(folder);
    }
  }

  @Override
  public long usableBytes(Path folder) throws IOException {
    return disk.usableBytes(folder);
  }

  private final class BrokenFile implements DiskFile {
    private final DiskFile file;
    private boolean synced;

    BrokenFile(DiskFile file) {
      this.file = file;
    }

    @Override
    public Path path() {
      return file.path();
    }

    @Override
    public int read(ByteBuffer into, long offset) throws IOException {
      return file.read(into, offset);
    }

    @Override
    public void write(ByteBuffer[] buffers, int bufferCount, long offset) throws IOException {
      boolean wipes = bufferCount == 1 && buffers[0].remaining() == RecordHeader.LENGTH_BYTES;
      if (forgets != Forgets.WIPING || !wipes) {
        file.write(buffers, bufferCount, offset);
      }
    }

    @Override
    public long lengthBytes() throws IOException {
      return file.lengthBytes();
    }

    @Override
    public void truncate(long lengthBytes) throws IOException {
      file.truncate(lengthBytes);
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
        file.sync();
      }
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
