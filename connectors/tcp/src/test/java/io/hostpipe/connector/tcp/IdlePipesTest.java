package io.hostpipe.connector.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.RawPeer;
import io.hostpipe.testkit.links.Ends;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pipes that have nothing to do, in every state in which they wait, and what they cost. */
@Timeout(240)
final class IdlePipesTest {
  private static final int PIPE_COUNT = 100;
  private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final int WINDOW_COUNT_MAX = 20;

  private final Ends ends = TestEnds.tcp();
  private final List<RawPeer> peers = new ArrayList<>();
  private final UnixOperatingSystemMXBean system =
      (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  @AfterEach
  void closeAll() {
    peers.forEach(RawPeer::close);
    ends.close();
  }

  @Test
  void idlePipesHoldNoBlockAndUseNoProcessor() throws Exception {
    Listener listener = ends.listen("name", "backlog=1000&linger=1s", ends.messages());
    int port = listener.address().port();
    for (int count = 0; count < PIPE_COUNT; count++) {
      Pipe pipe = ends.dial(port, "name", "linger=1s", ends.messages());
      pipe.send(new byte[100]);
      Pipe taken = ends.accept(listener);
      taken.messages().iterator().next().commit();
      // Half of them wait in a read, as most programs do; the others only stand in the background.
      if (count % 2 == 0) {
        InParallel.run(() -> taken.source().read()).awaitBlocked();
        InParallel.run(() -> pipe.source().read()).awaitBlocked();
      }
    }
    for (int count = 0; count < PIPE_COUNT / 2; count++) {
      leaveHalfway(listener, count);
    }
    InParallel.await(() -> ends.pool.takenBytes() == 0);
    assertThat(leastUsedNanosInAWindow()).isLessThan(WINDOW_NANOS / 10);
  }

  /** Peers in whose state a careless reader or writer would turn in a circle. */
  private void leaveHalfway(Listener listener, int count) throws Exception {
    RawPeer peer = RawPeer.dial(Ends.at(listener));
    peers.add(peer);
    RawPeer.HelloParts hello =
        RawPeer.hello("name").ofMessages().stream("s" + count).instance(count);
    switch (count % 5) {
      case 0 -> peer.greet(hello.build());
      case 1 -> {
        peer.greet(hello.build());
        peer.endOutput();
      }
      case 2 -> {
        peer.greet(hello.build());
        peer.endOutput();
        peer.reset();
      }
      case 3 -> {
        peer.send(hello.build());
        peer.endOutput();
      }
      default -> {
        peer.greet(hello.build());
        peer.sendBytes(RawPeer.head(1_000, 4, 0));
      }
    }
  }

  /** Compilers and collectors are at work, too: what counts is that it can be quiet. */
  private long leastUsedNanosInAWindow() {
    long least = Long.MAX_VALUE;
    for (int count = 0; count < WINDOW_COUNT_MAX && least >= WINDOW_NANOS / 10; count++) {
      long before = system.getProcessCpuTime();
      long until = System.nanoTime() + WINDOW_NANOS;
      while (System.nanoTime() < until) {
        LockSupport.parkNanos(until - System.nanoTime());
      }
      least = Math.min(least, system.getProcessCpuTime() - before);
    }
    return least;
  }
}
