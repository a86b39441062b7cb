package io.hostpipe.runtime.fault;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * One connection through a {@link FaultProxy}: two channels, and for each way a thread that carries
 * bytes from one to the other (a second one where they are delayed).
 *
 * <p>A fault changes what the threads do with the bytes they read next; the reset that follows
 * sooner or later closes both channels, which ends the threads.
 */
final class FaultyConnection {
  private static final int CHUNK_BYTES = 64 << 10;

  /** What may be on its way where nothing but the delay holds it back. */
  private static final int DELAYED_BYTES_MIN = 8 << 20;

  /** And at most, on the longest and fastest of paths: 10 Gbit/s for 200 ms. */
  private static final int DELAYED_BYTES_MAX = 256 << 20;

  private static final double NANOS_PER_SECOND = 1e9;

  /** How long the half of a torn frame is given to arrive, because a reset overtakes it. */
  private static final Duration TORN_ARRIVES = Duration.ofMillis(50);

  private enum Mode {
    FORWARD,
    /** Reads no more, so that the writer behind it is held up as by a network that lost all. */
    STOP,
    /** Reads to the end and throws away: the other side was told that this is the end. */
    DISCARD
  }

  private final FaultProxy proxy;
  private final int index;
  private final SocketChannel near;
  private final SocketChannel far;
  private final Way towardTarget;
  private final Way towardDialer;
  private final CountDownLatch closed = new CountDownLatch(1);

  FaultyConnection(FaultProxy proxy, SocketChannel near, SocketChannel far, int index) {
    this.proxy = proxy;
    this.index = index;
    this.near = near;
    this.far = far;
    this.towardTarget = new Way(true, near, far);
    this.towardDialer = new Way(false, far, near);
  }

  int index() {
    return index;
  }

  /** Carries both ways until the connection ends. Blocks. */
  void run() {
    Thread back = Thread.ofVirtual().name("fault-way").start(towardDialer::carry);
    towardTarget.carry();
    try {
      back.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Both ways have ended, in order or by a reset. What is still in the kernel's buffers after an
    // end in order has to arrive, so this is no reset.
    FaultProxy.closeQuietly(near);
    FaultProxy.closeQuietly(far);
    ended();
  }

  /** Closes both channels so that both sides see a reset. */
  void reset() {
    FaultProxy.reset(near);
    FaultProxy.reset(far);
    ended();
  }

  private void ended() {
    closed.countDown();
    proxy.remove(this);
  }

  /**
   * Cuts.
   *
   * @param atTowardTarget which way was about to carry bytes
   */
  void cut(Fault fault, boolean atTowardTarget) {
    switch (fault) {
      case FIN -> {
        towardTarget.mode = Mode.DISCARD;
        towardDialer.mode = Mode.DISCARD;
        towardTarget.endOutput();
        towardDialer.endOutput();
        resetAfter(proxy.hold());
      }
      case RESET -> reset();
      case TORN_FRAME -> {
        towardTarget.mode = Mode.STOP;
        towardDialer.mode = Mode.STOP;
        resetAfter(TORN_ARRIVES);
      }
      case BLACKHOLE -> {
        towardTarget.mode = Mode.STOP;
        towardDialer.mode = Mode.STOP;
        resetAfter(proxy.hold());
      }
      case ONE_WAY_BLACKHOLE -> {
        (atTowardTarget ? towardDialer : towardTarget).mode = Mode.STOP;
        resetAfter(proxy.hold());
      }
    }
  }

  private void resetAfter(Duration rest) {
    Thread.ofVirtual()
        .name("fault-reset")
        .start(() -> {
          awaitClosed(rest);
          reset();
        });
  }

  private boolean awaitClosed(Duration atMost) {
    try {
      return closed.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Bytes that arrived, and when they may go on. No bytes are the end. */
  private record Delayed(ByteBuffer bytes, long dueNanos) {}

  /** One way of the connection. */
  private final class Way {
    private final boolean isTowardTarget;
    private final SocketChannel in;
    private final SocketChannel out;

    /** Bounded by the bytes that carryDelayed lets in. */
    private final BlockingQueue<Delayed> delayed = new LinkedBlockingQueue<>();

    private volatile Mode mode = Mode.FORWARD;

    Way(boolean isTowardTarget, SocketChannel in, SocketChannel out) {
      this.isTowardTarget = isTowardTarget;
      this.in = in;
      this.out = out;
    }

    void carry() {
      Duration delay = proxy.delay();
      try {
        if (delay.isZero()) {
          carryAtOnce();
        } else {
          carryDelayed(delay.toNanos());
        }
      } catch (IOException e) {
        // One side is gone without an end: the other one shall see the same.
        reset();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        reset();
      }
    }

    void endOutput() {
      try {
        out.shutdownOutput();
      } catch (IOException e) {
        // It had ended already.
      }
    }

    private void carryAtOnce() throws IOException {
      ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
      while (in.read(chunk.clear()) >= 0) {
        pass(chunk.flip());
      }
      endOutput();
    }

    /**
     * A path holds what its rate brings during the delay, and its queues as much again: whoever
     * sends more than that is held up, as by a receiver that does not read.
     */
    private void carryDelayed(long delayNanos) throws IOException, InterruptedException {
      Semaphore room = new Semaphore(roomBytes(delayNanos));
      Thread writer = Thread.ofVirtual().name("fault-delayed").start(() -> writeDelayed(room));
      try {
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
        room.acquire(CHUNK_BYTES);
        while (in.read(chunk.clear()) >= 0) {
          ByteBuffer bytes = ByteBuffer.allocate(chunk.position()).put(chunk.flip()).flip();
          room.release(CHUNK_BYTES - bytes.remaining());
          delayed.put(new Delayed(bytes, System.nanoTime() + delayNanos));
          room.acquire(CHUNK_BYTES);
        }
        delayed.put(new Delayed(ByteBuffer.allocate(0), System.nanoTime() + delayNanos));
        writer.join();
      } finally {
        writer.interrupt();
      }
    }

    private int roomBytes(long delayNanos) {
      double underWay = (double) proxy.pacer().rate() * delayNanos / NANOS_PER_SECOND;
      return (int) Math.clamp(2 * underWay, DELAYED_BYTES_MIN, DELAYED_BYTES_MAX);
    }

    private void writeDelayed(Semaphore room) {
      try {
        while (true) {
          Delayed next = delayed.take();
          long restNanos = next.dueNanos - System.nanoTime();
          if (restNanos > 0) {
            awaitClosed(Duration.ofNanos(restNanos));
          }
          int lengthBytes = next.bytes.remaining();
          if (lengthBytes == 0) {
            endOutput();
            return;
          }
          pass(next.bytes);
          room.release(lengthBytes);
        }
      } catch (IOException e) {
        reset();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    /** Writes the bytes, or what the faults leave of them. */
    private void pass(ByteBuffer bytes) throws IOException {
      proxy.pacer().await(bytes.remaining());
      while (bytes.hasRemaining()) {
        switch (mode) {
          case FORWARD -> passUpToFault(bytes);
          case STOP -> {
            awaitClosed(Duration.ofDays(1));
            return;
          }
          case DISCARD -> {
            return;
          }
        }
      }
    }

    private void passUpToFault(ByteBuffer bytes) throws IOException {
      FaultProxy.Grant grant =
          proxy.grant(FaultyConnection.this, isTowardTarget, bytes.remaining());
      if (grant.flipIndex() >= 0) {
        int at = bytes.position() + grant.flipIndex();
        bytes.put(at, (byte) ~bytes.get(at));
      }
      write(bytes, grant.lengthBytes());
      Fault fault = grant.fault();
      if (fault != null) {
        if (fault == Fault.TORN_FRAME) {
          write(bytes, (bytes.remaining() + 1) / 2);
        }
        cut(fault, isTowardTarget);
      }
    }

    private void write(ByteBuffer bytes, int lengthBytes) throws IOException {
      int end = bytes.limit();
      bytes.limit(bytes.position() + lengthBytes);
      while (bytes.hasRemaining()) {
        if (proxy.writesByteByByte()) {
          ByteBuffer single = bytes.slice(bytes.position(), 1);
          while (single.hasRemaining()) {
            out.write(single);
          }
          bytes.position(bytes.position() + 1);
        } else {
          out.write(bytes);
        }
      }
      bytes.limit(end);
    }
  }
}
