package io.hostpipe.connector.tcp.raw;

import io.hostpipe.PipeException;
import io.hostpipe.runtime.socket.SocketLink;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Reads what the peer of a pipe that only sends says all the same, and throws it away: unread, it
 * would hold up the peer, and turn our own end into a reset. It is also the first to hear that the
 * peer is gone.
 *
 * <p>Thread rule: a thread of its own, a platform one for the first few (a socket that a virtual
 * thread has read stays non-blocking, and then every write costs more).
 */
final class RawDrain {
  private static final int BUFFER_BYTES = 16 << 10;
  private static final int PLATFORM_COUNT_MAX = 32;
  private static final AtomicInteger PLATFORM_COUNT = new AtomicInteger();

  private final RawConnection connection;
  private final PipeContext context;
  private final boolean listens;

  RawDrain(RawConnection connection, PipeContext context, boolean listens) {
    this.connection = connection;
    this.context = context;
    this.listens = listens;
  }

  void start() {
    if (PLATFORM_COUNT.incrementAndGet() <= PLATFORM_COUNT_MAX) {
      Thread.ofPlatform().daemon().name("hostpipe-drain").start(this::runCounted);
    } else {
      PLATFORM_COUNT.decrementAndGet();
      Thread.ofVirtual().name("hostpipe-drain").start(this::run);
    }
  }

  private void runCounted() {
    try {
      run();
    } finally {
      PLATFORM_COUNT.decrementAndGet();
    }
  }

  private void run() {
    long drainedBytes = 0;
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    ByteBuffer[] target = {buffer};
    try {
      SocketLink link = connection.await();
      for (long readBytes = link.read(target); readBytes >= 0; readBytes = link.read(target)) {
        if (drainedBytes == 0) {
          RawGreeting.check(buffer.duplicate().flip(), connection, listens);
        }
        drainedBytes += readBytes;
        buffer.clear();
      }
      connection.onPeerEnd();
    } catch (PipeException e) {
      connection.onFailure(e);
    } catch (IOException e) {
      connection.onBroken(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (drainedBytes > 0) {
      context
          .events()
          .warning(
              connection.where()
                  + ": the peer answered with "
                  + drainedBytes
                  + " bytes that nobody reads here; --duplex moves both ways");
    }
  }
}
