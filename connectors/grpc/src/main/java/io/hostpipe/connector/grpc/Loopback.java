package io.hostpipe.connector.grpc;

import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.access.Principal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One end of a link inside this process. It never breaks by itself, so the session over it needs no
 * second one. Thread rule: as {@link Link}.
 */
final class Loopback implements Link {
  private static final int WAY_BYTES = 64 << 10;

  private final Way in;
  private final Way out;
  private final String peer;
  private final @Nullable String principal;
  private final @Nullable Principal admitted;

  private Loopback(
      Way in, Way out, String peer, @Nullable String principal, @Nullable Principal admitted) {
    this.in = in;
    this.out = out;
    this.peer = peer;
    this.principal = principal;
    this.admitted = admitted;
  }

  /**
   * Two ends; the second one says that this is its peer.
   *
   * @param principal who that has proved to be by a certificate, outside of this link
   * @param admitted who that has proved to be by a token there; null when none was asked for
   */
  static Loopback[] pair(String peer, @Nullable String principal, @Nullable Principal admitted) {
    Way there = new Way();
    Way back = new Way();
    return new Loopback[] {
      new Loopback(back, there, "this process", null, null),
      new Loopback(there, back, peer, principal, admitted)
    };
  }

  @Override
  public long read(ByteBuffer[] targets) throws IOException {
    return in.read(targets);
  }

  @Override
  public void write(ByteBuffer[] buffers, int count) throws IOException {
    for (int index = 0; index < count; index++) {
      while (buffers[index].hasRemaining()) {
        out.write(buffers[index]);
      }
    }
  }

  @Override
  public void shutdownOutput() {
    out.end();
  }

  @Override
  public String peer() {
    return peer;
  }

  @Override
  public @Nullable String principal() {
    return principal;
  }

  @Override
  public @Nullable Principal admitted() {
    return admitted;
  }

  @Override
  public void close() {
    in.close();
    out.end();
  }

  /** One direction: a ring of bytes. */
  private static final class Way {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final byte[] ring = new byte[WAY_BYTES];
    private int first;
    private int countBytes;
    private boolean ended;
    private boolean closed;

    long read(ByteBuffer[] targets) throws IOException {
      lock.lock();
      try {
        while (countBytes == 0) {
          if (closed) {
            throw new ClosedChannelException();
          }
          if (ended) {
            return -1;
          }
          await();
        }
        long readBytes = 0;
        for (ByteBuffer target : targets) {
          while (target.hasRemaining() && countBytes > 0) {
            int partBytes = Math.min(target.remaining(), Math.min(countBytes, WAY_BYTES - first));
            target.put(ring, first, partBytes);
            first = (first + partBytes) % WAY_BYTES;
            countBytes -= partBytes;
            readBytes += partBytes;
          }
        }
        changed.signalAll();
        return readBytes;
      } finally {
        lock.unlock();
      }
    }

    void write(ByteBuffer from) throws IOException {
      lock.lock();
      try {
        while (countBytes == WAY_BYTES && !ended && !closed) {
          await();
        }
        if (ended || closed) {
          throw new ClosedChannelException();
        }
        int at = (first + countBytes) % WAY_BYTES;
        int partBytes =
            Math.min(from.remaining(), Math.min(WAY_BYTES - countBytes, WAY_BYTES - at));
        from.get(ring, at, partBytes);
        countBytes += partBytes;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    void end() {
      lock.lock();
      try {
        ended = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    void close() {
      lock.lock();
      try {
        closed = true;
        countBytes = 0;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @SuppressWarnings("WaitNotInLoop") // the callers loop
    private void await() throws IOException {
      try {
        changed.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }
}
