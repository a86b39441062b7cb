package io.hostpipe;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The incoming bytes of a pipe as a channel.
 *
 * <p>Holds one batch, and commits it when the next is asked for. The lock guards the batch against
 * a close by another thread, which gives its block to somebody else; it is not held while the
 * source is read. Thread rule: one thread reads, any closes.
 */
final class PipeReadChannel implements ReadableByteChannel {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Source source;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Batch batch;
  private ByteBuffer rest = NOTHING;
  private long readPosition;
  private long committedPosition;
  private boolean ended;
  private boolean closed;

  PipeReadChannel(Pipe pipe) {
    this.source = pipe.source();
    checkBytes(pipe);
  }

  /** A view of bytes needs a pipe of bytes. */
  static void checkBytes(Pipe pipe) {
    if (pipe.source().encoding() != Encoding.RAW) {
      throw new IllegalStateException(
          pipe.description()
              + " carries messages, and a stream of bytes would lose their borders; open it with"
              + " Encoding.RAW on both sides, or use messages() and send()");
    }
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    if (!to.hasRemaining()) {
      return 0;
    }
    while (true) {
      lock.lock();
      try {
        if (closed) {
          throw new ClosedChannelException();
        }
        if (rest.hasRemaining()) {
          return copy(to);
        }
        letGo();
        if (ended) {
          return -1;
        }
      } finally {
        lock.unlock();
      }
      commit();
      take(next());
    }
  }

  /** Bytes that can be read without blocking. */
  int availableBytes() {
    lock.lock();
    try {
      return rest.remaining();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isOpen() {
    lock.lock();
    try {
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      letGo();
    } finally {
      lock.unlock();
    }
    try {
      commit();
    } catch (PipeException.Closed e) {
      // Whoever closed the pipe on this side knows; what the peer did is news.
      if (e.status() != Status.CANCELLED) {
        throw e;
      }
    } finally {
      source.close();
    }
  }

  /** Locked. */
  private int copy(ByteBuffer to) {
    int lengthBytes = Math.min(to.remaining(), rest.remaining());
    to.put(to.position(), rest, rest.position(), lengthBytes).position(to.position() + lengthBytes);
    rest.position(rest.position() + lengthBytes);
    readPosition += lengthBytes;
    return lengthBytes;
  }

  /** Locked. */
  private void letGo() {
    if (batch != null) {
      batch.close();
      batch = null;
      rest = NOTHING;
    }
  }

  private void commit() throws PipeException {
    long position;
    lock.lock();
    try {
      if (readPosition == committedPosition) {
        return;
      }
      committedPosition = readPosition;
      position = readPosition;
    } finally {
      lock.unlock();
    }
    source.commit(position);
  }

  private @Nullable Batch next() throws IOException {
    try {
      return source.read();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException told =
          new InterruptedIOException("interrupted while waiting for bytes; none are lost");
      told.initCause(e);
      throw told;
    }
  }

  private void take(@Nullable Batch taken) {
    lock.lock();
    try {
      if (taken == null) {
        ended = true;
      } else if (closed) {
        taken.close();
      } else {
        batch = taken;
        rest = taken.bytes();
        readPosition = taken.position();
        committedPosition = taken.position();
      }
    } finally {
      lock.unlock();
    }
  }
}
