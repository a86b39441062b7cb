package io.hostpipe.runtime;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One end of a connection in memory: a link without a kernel, which a test can block, drain and
 * break at will.
 */
final class MemoryLink implements Link {
  /** What a way holds before its writer has to wait, as a socket's buffers do. */
  static final int WAY_BYTES = 256 << 10;

  private final String peer;
  private final Way in;
  private final Way out;

  private MemoryLink(String peer, Way in, Way out) {
    this.peer = peer;
    this.in = in;
    this.out = out;
  }

  /** Both ends of a new connection: the dialer's, then the acceptor's. */
  static MemoryLink[] pair(String dialer, String acceptor) {
    Way there = new Way();
    Way back = new Way();
    return new MemoryLink[] {
      new MemoryLink(acceptor, back, there), new MemoryLink(dialer, there, back)
    };
  }

  @Override
  public long read(ByteBuffer[] targets) throws IOException {
    return in.read(targets);
  }

  @Override
  public void write(ByteBuffer[] buffers, int count) throws IOException {
    for (int index = 0; index < count; index++) {
      out.write(buffers[index]);
    }
  }

  @Override
  public void shutdownOutput() {
    out.end();
  }

  @Override
  public boolean isQuiet() {
    return in.isQuiet();
  }

  @Override
  public String peer() {
    return peer;
  }

  @Override
  public void close() {
    in.close();
    out.close();
  }

  /** From now on nothing that this end writes arrives, and nobody is told. */
  void loseOutput() {
    out.lose();
  }

  /** From now on this end cannot write, and its peer hears nothing of that. */
  void failOutput() {
    out.fail();
  }

  /** Whether this end could not write what it wanted to. */
  boolean hasFailed() {
    return out.hasFailed();
  }

  /** From now on this end's writer waits, as when the peer's host takes nothing more. */
  void blockOutput() {
    out.block(true);
  }

  /** It takes something again. */
  void unblockOutput() {
    out.block(false);
  }

  /** Whether a writer waits at this end. */
  boolean writerWaits() {
    return out.writerWaits();
  }

  /** From now on this end's reader waits, as one that gets no turn; or goes on. */
  void holdInput(boolean hold) {
    in.hold(hold);
  }

  boolean isClosed() {
    return in.isClosed();
  }

  /** One direction. */
  private static final class Way {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ByteBuffer held = ByteBuffer.allocate(WAY_BYTES);
    private boolean ended;
    private boolean closed;
    private boolean losing;
    private boolean failing;
    private boolean failed;
    private boolean blocked;
    private boolean holding;
    private int waitingWriters;

    long read(ByteBuffer[] targets) throws IOException {
      lock.lock();
      try {
        while (holding || held.position() == 0) {
          if (!holding && closed) {
            throw new ClosedChannelException();
          }
          if (!holding && ended) {
            return -1;
          }
          changed.awaitUninterruptibly();
        }
        held.flip();
        long readBytes = 0;
        for (ByteBuffer target : targets) {
          int lengthBytes = Math.min(target.remaining(), held.remaining());
          target.put(held.slice(held.position(), lengthBytes));
          held.position(held.position() + lengthBytes);
          readBytes += lengthBytes;
        }
        held.compact();
        changed.signalAll();
        return readBytes;
      } finally {
        lock.unlock();
      }
    }

    void write(ByteBuffer bytes) throws IOException {
      lock.lock();
      try {
        while (bytes.hasRemaining()) {
          if (failing) {
            failed = true;
            throw new IOException("the memory link takes nothing more");
          }
          while (!closed && !losing && (blocked || !held.hasRemaining())) {
            waitingWriters++;
            changed.awaitUninterruptibly();
            waitingWriters--;
          }
          if (closed || ended) {
            throw new EOFException("the memory link is closed");
          }
          int lengthBytes =
              losing ? bytes.remaining() : Math.min(bytes.remaining(), held.remaining());
          if (!losing) {
            held.put(bytes.slice(bytes.position(), lengthBytes));
          }
          bytes.position(bytes.position() + lengthBytes);
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }

    void end() {
      change(() -> ended = !losing);
    }

    void close() {
      change(() -> closed = true);
    }

    void lose() {
      change(() -> losing = true);
    }

    void fail() {
      change(() -> failing = true);
    }

    boolean hasFailed() {
      lock.lock();
      try {
        return failed;
      } finally {
        lock.unlock();
      }
    }

    void block(boolean block) {
      change(() -> blocked = block);
    }

    boolean writerWaits() {
      lock.lock();
      try {
        return waitingWriters > 0;
      } finally {
        lock.unlock();
      }
    }

    void hold(boolean hold) {
      change(() -> holding = hold);
    }

    boolean isQuiet() {
      lock.lock();
      try {
        return !closed && !ended && held.position() == 0;
      } finally {
        lock.unlock();
      }
    }

    boolean isClosed() {
      lock.lock();
      try {
        return closed;
      } finally {
        lock.unlock();
      }
    }

    private void change(Runnable how) {
      lock.lock();
      try {
        how.run();
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
