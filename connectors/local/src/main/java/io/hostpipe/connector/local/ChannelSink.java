package io.hostpipe.connector.local;

import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A sink into something that cannot go back: standard output, a FIFO, a device.
 *
 * <p>Commit means that the operating system took every byte; nothing is kept here. Closing wakes a
 * platform thread that is blocked in a write, with a signal that the JDK sends. A virtual thread
 * cannot be woken out of a native write: it stays there until the reader goes on or ends, while
 * {@link #close} returns at once all the same. So drive this sink from a platform thread.
 */
final class ChannelSink extends SynchronousSink {
  /** The room that a fast pipe is given. */
  static final int PIPE_BYTES = 1 << 20;

  /** What goes through a pipe before it counts as a fast one. */
  static final long FAST_AFTER_BYTES = 1 << 20;

  /** Opens the channel; may block until somebody reads. */
  interface Opening {
    WritableByteChannel open() throws IOException;
  }

  /** Who takes the channel back, or closes it, when the sink lets go; null when none was opened. */
  interface Owner {
    void released(Resume held, @Nullable WritableByteChannel channel);
  }

  private final Opening opening;
  private final Runnable wakeOpening;
  private final Owner owner;
  private final int fileDescriptor;
  private final AtomicReference<@Nullable WritableByteChannel> channel = new AtomicReference<>();
  private volatile @Nullable Thread writer;
  private boolean enlarged;

  /**
   * A sink that opens its channel with the first byte.
   *
   * @param wakeOpening makes a blocked opening return
   * @param fileDescriptor of the channel when it is known, else -1
   */
  ChannelSink(
      StreamId stream,
      String where,
      BlockPool pool,
      Resume from,
      Opening opening,
      Runnable wakeOpening,
      Owner owner,
      int fileDescriptor) {
    super(stream, where, pool, from);
    this.opening = opening;
    this.wakeOpening = wakeOpening;
    this.owner = owner;
    this.fileDescriptor = fileDescriptor;
  }

  @Override
  void put(ByteBuffer bytes, long position) throws IOException {
    writer = Thread.currentThread();
    try {
      WritableByteChannel out = opened();
      if (!enlarged && fileDescriptor >= 0 && position >= FAST_AFTER_BYTES) {
        enlarged = true;
        SystemCalls.enlargePipe(fileDescriptor, PIPE_BYTES);
      }
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    } finally {
      writer = null;
    }
  }

  @Override
  void settle(long endPosition) throws IOException {
    // An empty stream opens too: a FIFO's reader waits for its end.
    opened();
  }

  @Override
  boolean countsPartialWrites() {
    return true;
  }

  @Override
  void wakeWriter() {
    WritableByteChannel out = channel.get();
    Thread blocked = writer;
    if (out == null) {
      Wakes.untilGone(wakeOpening, () -> channel.get() == null && closing());
    } else if (blocked != null && blocked.isVirtual()) {
      Thread.ofPlatform().daemon().name("hostpipe-close").start(() -> closeQuietly(out));
    } else {
      closeQuietly(out);
    }
  }

  @Override
  void released(Resume held, boolean finished, @Nullable PipeException failure) {
    owner.released(held, channel.getAndSet(null));
  }

  private WritableByteChannel opened() throws IOException {
    WritableByteChannel out = channel.get();
    if (out == null) {
      out = opening.open();
      channel.set(out);
      if (closing()) {
        throw new AsynchronousCloseException();
      }
    }
    return out;
  }

  static void closeQuietly(WritableByteChannel out) {
    try {
      out.close();
    } catch (IOException e) {
      // Nothing is buffered here, so closing has nothing to tell about what was written.
    }
  }
}
