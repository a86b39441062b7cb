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
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A regular file that one stream at a time is written into.
 *
 * <p>Remembers in memory what it has of its stream (position, digest, where in the file the stream
 * began), so that the same stream goes on where it stood for as long as this target lives.
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
  private final LockedFile file;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Sink open;
  private @Nullable StreamId stream;
  private Resume held = Resume.START;
  private long base;
  private boolean streamFinished;
  private @Nullable PipeException failure;
  private boolean closed;

  private FileTarget(BlockPool pool, Existing existing, LockedFile file) {
    this.pool = pool;
    this.existing = existing;
    this.file = file;
  }

  /** Opens and locks the file, creating it where it is missing; it is not changed yet. */
  static FileTarget open(Path path, BlockPool pool, Existing existing) throws PipeException {
    LockedFile file = LockedFile.open(path, false);
    try {
      if (existing == Existing.REFUSE && file.lengthBytes() > 0) {
        throw hasContent(path, file.lengthBytes());
      }
      return new FileTarget(pool, existing, file);
    } catch (IOException e) {
      file.close();
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
      FileChannel channel = file.channel();
      if (wanted.equals(stream)) {
        checkStillHeld(channel);
      } else {
        begin(wanted, channel);
      }
      Sink sink = new FileSink(wanted, file.file(), pool, held, channel, base, this::released);
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

  private void begin(StreamId wanted, FileChannel channel) throws IOException {
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
  }

  /** Somebody else may have cut or replaced the file since this stream was last open. */
  private void checkStillHeld(FileChannel channel) throws IOException {
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
    if (!streamFinished) {
      var _ = file.removeIfUnused();
    }
    file.close();
  }
}
