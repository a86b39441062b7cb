package io.hostpipe.connector.local;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.storage.DiskFile;
import io.hostpipe.storage.RealDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A regular file that this process alone writes, from when it is opened until it is closed.
 *
 * <p>Holds one channel with an exclusive lock: the lock belongs to the process, and closing any
 * channel on the file would drop it. An interrupt during a write closes that channel; whoever needs
 * it next opens and locks it again, if it is still the same file. Thread rule: any thread.
 */
final class LockedFile implements Ground {
  private final LocalFile file;
  private final boolean created;
  private final boolean readable;
  private final ReentrantLock lock = new ReentrantLock();

  /** Under the lock, as is what follows. */
  private FileChannel channel;

  private boolean closed;

  private LockedFile(LocalFile file, boolean created, boolean readable, FileChannel channel) {
    this.file = file;
    this.created = created;
    this.readable = readable;
    this.channel = channel;
  }

  /**
   * Opens and locks the file, creating it where it is missing; it is not changed yet.
   *
   * @param toRead whether what it has is read as well
   */
  static LockedFile open(Path path, boolean toRead) throws PipeException {
    LocalFile before = LocalFile.find(path);
    if (before == null) {
      create(path);
    }
    LocalFile file = LocalFile.existing(path);
    FilesInUse.beginWriting(file.key(), path.toString());
    try {
      return new LockedFile(file, before == null, toRead, openLocked(file, toRead));
    } catch (IOException e) {
      FilesInUse.endWriting(file.key());
      throw e instanceof PipeException known ? known : IoErrors.opening(path, e);
    }
  }

  LocalFile file() {
    return file;
  }

  /** Whether it was not there before. */
  boolean created() {
    return created;
  }

  Path path() {
    return file.path();
  }

  /** The channel, which stays this object's; it may not be closed. */
  FileChannel channel() throws IOException {
    lock.lock();
    try {
      if (closed) {
        throw new ClosedChannelException();
      }
      if (!channel.isOpen()) {
        if (!file.isStillThere()) {
          throw new PipeException.DataLoss(
              path() + " was removed or replaced while it was being written");
        }
        channel = openLocked(file, readable);
      }
      return channel;
    } finally {
      lock.unlock();
    }
  }

  /** The file as a disk has it, whatever channel that takes. */
  DiskFile data() {
    return new Reopening();
  }

  @Override
  public String where() {
    return path().toString();
  }

  @Override
  public long lengthBytes() throws IOException {
    return channel().size();
  }

  @Override
  public boolean isStillThere() {
    return file.isStillThere();
  }

  /**
   * A file that was made for a stream of which nothing came must not look like one that has
   * arrived. Done while the lock is held, so that nobody else's file is meant.
   */
  @Override
  public boolean removeIfUnused() {
    try {
      if (created && lengthBytes() == 0 && file.isStillThere()) {
        Files.delete(path());
        return true;
      }
    } catch (IOException e) {
      // An empty file stays; the next pipe takes it as if it were new.
    }
    return false;
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      ChannelSink.closeQuietly(channel);
    } finally {
      lock.unlock();
    }
    FilesInUse.endWriting(file.key());
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  private static void create(Path path) throws PipeException {
    Path folder = LocalFile.folderOf(path);
    if (!folder.toFile().isDirectory()) {
      throw new PipeException.Config(
          Status.NOT_FOUND,
          path + " cannot be created: " + folder + " is not a directory; make it first");
    }
    try {
      FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE).close();
    } catch (IOException e) {
      throw IoErrors.opening(path, e);
    }
  }

  private static FileChannel openLocked(LocalFile file, boolean toRead) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file.path(),
            toRead
                ? Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE)
                : Set.of(StandardOpenOption.WRITE));
    FileLock held = null;
    try {
      held = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Another part of this process, not ours: told below like another process.
    } catch (IOException e) {
      ChannelSink.closeQuietly(channel);
      throw e;
    }
    if (held == null) {
      ChannelSink.closeQuietly(channel);
      throw new PipeException.Refused(
          Status.ALREADY_EXISTS,
          file.path() + " is locked by " + LockHolder.of(file) + ", which is writing it");
    }
    return channel;
  }

  /** Goes to the channel that is open now. */
  private final class Reopening implements DiskFile {
    @Override
    public Path path() {
      return file.path();
    }

    @Override
    public int read(ByteBuffer into, long offset) throws IOException {
      return RealDisk.fileOf(path(), channel()).read(into, offset);
    }

    /** An interrupt of the writer is the writer's: it hears of it, and nobody else does. */
    @Override
    public void write(ByteBuffer[] buffers, int bufferCount, long offset) throws IOException {
      RealDisk.fileOf(path(), channel()).write(buffers, bufferCount, offset);
    }

    @Override
    public long lengthBytes() throws IOException {
      return channel().size();
    }

    @Override
    public void truncate(long lengthBytes) throws IOException {
      again(open -> open.truncate(lengthBytes));
    }

    @Override
    public void sync() throws IOException {
      again(DiskFile::sync);
    }

    /** Nothing: the channel is the locked file's. */
    @Override
    public void close() {}

    /** Another thread's interrupt may have closed the channel under this one. */
    private void again(Action action) throws IOException {
      while (true) {
        try {
          action.on(RealDisk.fileOf(path(), channel()));
          return;
        } catch (ClosedChannelException e) {
          if (isClosed() || Thread.currentThread().isInterrupted()) {
            throw e;
          }
        }
      }
    }
  }

  private interface Action {
    void on(DiskFile file) throws IOException;
  }
}
