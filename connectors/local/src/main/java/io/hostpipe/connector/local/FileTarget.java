package io.hostpipe.connector.local;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A regular file that one stream at a time is written into.
 *
 * <p>Remembers in memory what it has of its stream (position, digest, where in the file the stream
 * began), so that the same stream goes on where it stood for as long as this target lives. Holds
 * one channel with an exclusive lock from the start to the end: the lock belongs to the process,
 * and closing any channel on the file would drop it. An interrupt during a write closes that
 * channel; then the next stream to be opened opens and locks it again, if it is still the same
 * file.
 */
final class FileTarget implements Target {
  /** What to do with a file that has content already. */
  enum Existing {
    REFUSE,
    APPEND,
    OVERWRITE
  }

  private final BlockPool pool;
  private final Existing existing;
  private final LocalFile file;

  /** Whether this target made the file. */
  private final boolean created;

  /** What is remembered beside the file; null where nothing is. */
  private final @Nullable KeptStream kept;

  private final ReentrantLock lock = new ReentrantLock();
  private FileChannel channel;
  private @Nullable Sink open;
  private @Nullable StreamId stream;
  private Resume held = Resume.START;
  private long base;
  private boolean streamFinished;
  private @Nullable PipeException failure;
  private boolean closed;

  private FileTarget(
      BlockPool pool,
      Existing existing,
      LocalFile file,
      FileChannel channel,
      boolean created,
      @Nullable KeptStream kept) {
    this.pool = pool;
    this.existing = existing;
    this.file = file;
    this.channel = channel;
    this.created = created;
    this.kept = kept;
  }

  /**
   * Opens and locks the file, creating it where it is missing; it is not changed yet.
   *
   * @param keeps whether what it holds is remembered beside it, and gone on from
   */
  static FileTarget open(Path path, BlockPool pool, Existing existing, boolean keeps)
      throws PipeException {
    LocalFile before = LocalFile.find(path);
    if (before == null) {
      create(path);
    }
    LocalFile file = LocalFile.existing(path);
    FilesInUse.beginWriting(file.key(), path.toString());
    FileChannel channel = null;
    KeptStream kept = null;
    try {
      channel = openLocked(file);
      kept = keeps ? KeptStream.open(file, before == null, pool) : null;
      boolean ours = kept != null && kept.stream() != null;
      if (existing == Existing.REFUSE && channel.size() > 0 && !ours) {
        throw hasContent(path, channel.size());
      }
      return new FileTarget(pool, existing, file, channel, before == null, kept);
    } catch (IOException e) {
      closeQuietly(channel);
      if (kept != null) {
        kept.close();
      }
      FilesInUse.endWriting(file.key());
      throw e instanceof PipeException known ? known : IoErrors.opening(path, e);
    }
  }

  /** What is said of a file that has content and may not be touched. */
  static PipeException hasContent(Path path, long lengthBytes) {
    return new PipeException.Refused(
        Status.FAILED_PRECONDITION,
        path
            + " has "
            + lengthBytes
            + " bytes already that this pipe did not write; add the word 'append' or 'overwrite',"
            + " or name another file");
  }

  @Override
  public Sink open(StreamId wanted, Encoding encoding) throws PipeException {
    LocalConnector.checkRaw(encoding, file.path().toString());
    lock.lock();
    try {
      if (closed) {
        throw IoErrors.closed(file.path().toString(), held.position());
      }
      if (failure != null) {
        throw failure;
      }
      if (open != null) {
        throw new PipeException.Refused(
            Status.ALREADY_EXISTS,
            file.path() + " is being written by the stream " + stream + "; one at a time");
      }
      reopenIfInterrupted();
      if (wanted.equals(stream)) {
        checkStillHeld();
      } else {
        begin(wanted);
      }
      Sink sink = new FileSink(wanted, file, pool, held, channel, base, kept, this::released);
      open = sink;
      return sink;
    } catch (IOException e) {
      throw e instanceof PipeException known ? known : IoErrors.opening(file.path(), e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    Sink sink;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      sink = open;
    } finally {
      lock.unlock();
    }
    if (sink == null) {
      letGo();
    } else {
      sink.close();
    }
  }

  private void begin(StreamId wanted) throws IOException {
    if (stream != null && !(streamFinished && existing == Existing.APPEND)) {
      throw new PipeException.Refused(
          Status.ALREADY_EXISTS,
          file.path()
              + " holds the stream "
              + stream
              + ", so "
              + wanted
              + " cannot go into it; give it a file of its own"
              + (streamFinished ? ", or add the word 'append'" : ""));
    }
    KeptStream before = kept;
    StreamId inFile = before == null ? null : before.stream();
    if (before != null && wanted.equals(inFile)) {
      KeptPlaces.Kept place = before.goOn(channel);
      stream = wanted;
      held = place.held();
      base = place.base();
      streamFinished = false;
      return;
    }
    if (before != null && inFile != null && existing != Existing.APPEND) {
      throw before.otherStream(wanted);
    }
    long lengthBytes = channel.size();
    if (existing == Existing.OVERWRITE) {
      channel.truncate(0);
      lengthBytes = 0;
    } else if (existing == Existing.REFUSE && lengthBytes > 0) {
      throw hasContent(file.path(), lengthBytes);
    }
    stream = wanted;
    held = Resume.START;
    base = lengthBytes;
    streamFinished = false;
    if (before != null) {
      before.begin(wanted, base);
    }
  }

  /** Somebody else may have cut or replaced the file since this stream was last open. */
  private void checkStillHeld() throws IOException {
    long lengthBytes = channel.size();
    if (lengthBytes < base + held.position() || !file.isStillThere()) {
      throw new PipeException.DataLoss(
          file.path()
              + " was cut or replaced: "
              + (base + held.position())
              + " bytes were written to it and it has "
              + lengthBytes);
    }
  }

  private void reopenIfInterrupted() throws IOException {
    if (!channel.isOpen()) {
      if (!file.isStillThere()) {
        throw new PipeException.DataLoss(
            file.path() + " was removed or replaced while it was being written");
      }
      channel = openLocked(file);
    }
  }

  private void released(Resume now, boolean finished, @Nullable PipeException why) {
    boolean last;
    lock.lock();
    try {
      held = now;
      streamFinished = finished;
      open = null;
      if (why instanceof PipeException.DataLoss) {
        // What the device holds is unknown from here on: never write or sync it again.
        failure = why;
      }
      last = closed;
    } finally {
      lock.unlock();
    }
    if (last) {
      letGo();
    }
  }

  private void letGo() {
    removeUnused();
    if (kept != null) {
      kept.close();
    }
    closeQuietly(channel);
    FilesInUse.endWriting(file.key());
  }

  /**
   * A file that was made for a stream of which nothing came must not look like one that has
   * arrived. Done while the lock is held, so that nobody else's file is meant.
   */
  private void removeUnused() {
    try {
      if (created && !streamFinished && channel.size() == 0 && file.isStillThere()) {
        Files.delete(file.path());
        Files.deleteIfExists(KeptPlaces.beside(file.path()));
      }
    } catch (IOException e) {
      // An empty file stays; the next pipe takes it as if it were new.
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

  private static FileChannel openLocked(LocalFile file) throws IOException {
    // For reading too where it may be: what was written is compared with what was kept of it.
    FileChannel channel = FileChannel.open(file.path(), modes(file));
    FileLock held = null;
    try {
      held = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Another part of this process, not ours: told below like another process.
    }
    if (held == null) {
      closeQuietly(channel);
      throw new PipeException.Refused(
          Status.ALREADY_EXISTS,
          file.path() + " is locked by " + LockHolder.of(file) + ", which is writing it");
    }
    return channel;
  }

  private static Set<StandardOpenOption> modes(LocalFile file) {
    return Files.isReadable(file.path())
        ? Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE)
        : Set.of(StandardOpenOption.WRITE);
  }

  private static void closeQuietly(@Nullable FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        // What had to be on the device was synced before; closing has nothing to add.
      }
    }
  }
}
