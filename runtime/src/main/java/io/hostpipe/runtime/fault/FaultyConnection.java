package io.hostpipe.runtime.fault;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
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

  /** Chunks on their way at a time where they are delayed: 8 MiB, a fast link's worth. */
  private static final int DELAYED_CHUNKS_MAX = 128;

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
    private final BlockingQueue<Delayed> delayed = new ArrayBlockingQueue<>(DELAYED_CHUNKS_MAX);
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

    private void carryDelayed(long delayNanos) throws IOException, InterruptedException {
      Thread writer = Thread.ofVirtual().name("fault-delayed").start(this::writeDelayed);
      try {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
        while (in.read(chunk) >= 0) {
          delayed.put(new Delayed(chunk.flip(), System.nanoTime() + delayNanos));
          chunk = ByteBuffer.allocate(CHUNK_BYTES);
        }
        delayed.put(new Delayed(ByteBuffer.allocate(0), System.nanoTime() + delayNanos));
        writer.join();
      } finally {
        writer.interrupt();
      }
    }

    private void writeDelayed() {
      try {
        while (true) {
          Delayed next = delayed.take();
          long restNanos = next.dueNanos - System.nanoTime();
          if (restNanos > 0) {
            awaitClosed(Duration.ofNanos(restNanos));
          }
          if (!next.bytes.hasRemaining()) {
            endOutput();
            return;
          }
          pass(next.bytes);
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
