package io.hostpipe.connector.local;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Standard output, a FIFO or a device: one stream at a time, the next one behind it.
 *
 * <p>Remembers how far the last stream got, so that the same stream goes on there. Standard output
 * stays open from stream to stream and is closed with the target, so that the program behind it
 * sees the end at once; a FIFO is opened and closed for each stream.
 */
final class ChannelTarget implements Target {
  private static final int STDOUT = 1;

  private final String where;
  private final BlockPool pool;
  private final int fileDescriptor;
  private final boolean keepsChannel;
  private final ChannelSink.Opening opening;
  private final Runnable wakeOpening;

  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable WritableByteChannel kept;
  private @Nullable Sink open;
  private @Nullable StreamId lastStream;
  private Resume last = Resume.START;
  private boolean closed;

  private ChannelTarget(
      String where,
      BlockPool pool,
      int fileDescriptor,
      ChannelSink.Opening opening,
      Runnable wakeOpening) {
    this.where = where;
    this.pool = pool;
    this.fileDescriptor = fileDescriptor;
    this.keepsChannel = fileDescriptor >= 0;
    this.opening = opening;
    this.wakeOpening = wakeOpening;
  }

  /** The standard output of this process. */
  static ChannelTarget ofStdout(BlockPool pool) {
    return new ChannelTarget(
        "standard output",
        pool,
        STDOUT,
        () -> new FileOutputStream(FileDescriptor.out).getChannel(),
        () -> {});
  }

  /** A FIFO or a device. Opening a FIFO waits for its reader. */
  static ChannelTarget ofPath(Path path, BlockPool pool) {
    return new ChannelTarget(
        path.toString(),
        pool,
        -1,
        () -> FileChannel.open(path, StandardOpenOption.WRITE),
        () -> wakeOpening(path));
  }

  /** Ends a wait for the other end of a FIFO by being that other end for a moment. */
  static void wakeOpening(Path path) {
    try {
      FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE).close();
    } catch (IOException e) {
      // Gone, or not ours to open: then nobody waits in it any longer than the process lives.
    }
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException {
    LocalConnector.checkRaw(encoding, where);
    lock.lock();
    try {
      if (closed) {
        throw IoErrors.closed(where, last.position());
      }
      if (open != null) {
        throw new PipeException.Refused(
            Status.ALREADY_EXISTS,
            where + " is being written by the stream " + lastStream + "; one at a time");
      }
      Resume from = stream.equals(lastStream) ? last : Resume.START;
      Sink sink =
          new ChannelSink(
              stream,
              where,
              pool,
              from,
              this::channel,
              wakeOpening,
              this::released,
              fileDescriptor);
      open = sink;
      lastStream = stream;
      last = from;
      return sink;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    Sink sink;
    lock.lock();
    try {
      closed = true;
      sink = open;
    } finally {
      lock.unlock();
    }
    if (sink != null) {
      sink.close();
    }
    WritableByteChannel channel;
    lock.lock();
    try {
      channel = kept;
      kept = null;
    } finally {
      lock.unlock();
    }
    if (channel != null) {
      ChannelSink.closeQuietly(channel);
    }
  }

  private WritableByteChannel channel() throws IOException {
    lock.lock();
    try {
      WritableByteChannel channel = kept;
      kept = null;
      if (channel != null) {
        return channel;
      }
    } finally {
      lock.unlock();
    }
    return opening.open();
  }

  private void released(Resume held, @Nullable WritableByteChannel channel) {
    boolean close;
    lock.lock();
    try {
      last = held;
      open = null;
      close = closed || !keepsChannel;
      if (!close) {
        kept = channel;
      }
    } finally {
      lock.unlock();
    }
    if (close && channel != null) {
      ChannelSink.closeQuietly(channel);
    }
  }
}
