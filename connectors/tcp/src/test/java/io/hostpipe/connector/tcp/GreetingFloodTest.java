package io.hostpipe.connector.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.RawPeer;
import io.hostpipe.testkit.links.Ends;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Fault 40: ten thousand peers who take their time with the greeting, all at once. */
@Timeout(360)
final class GreetingFloodTest {
  private static final int SLOW_COUNT_MAX = 10_000;

  /** Each slow peer takes two of these here, since both its ends are in this process. */
  private static final int DESCRIPTORS_A_PEER = 2;

  private static final int DESCRIPTORS_LEFT_OVER = 1_000;
  private static final String OPTIONS = "heartbeat=1s&handshake=2s&linger=1s";

  private final Ends ends = TestEnds.tcp();
  private final UnixOperatingSystemMXBean system =
      (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  @AfterEach
  void closeAll() {
    ends.close();
  }

  @Test
  void livingPipesAreUnharmedAndEverybodySlowIsTurnedAwayInTime() throws Exception {
    Listener listener = ends.listen("name", OPTIONS + "&stranger-lines=100000", ends.messages());
    Pipe pipe = ends.dial(listener.address().port(), "name", OPTIONS, ends.messages());
    pipe.sink().resume();
    Pipe taken = ends.accept(listener);
    AtomicBoolean enough = new AtomicBoolean();
    AtomicLong roundTrips = new AtomicLong();
    InParallel<Object> echoing =
        InParallel.run(() -> {
          for (Message message : taken.messages()) {
            message.commit();
            taken.send(message.payload());
          }
          return "ended";
        });
    InParallel<Object> living =
        InParallel.run(() -> {
          var answers = pipe.messages().iterator();
          while (!enough.get()) {
            pipe.send(new byte[] {1});
            answers.next().commit();
            roundTrips.incrementAndGet();
          }
          return "enough";
        });
    long descriptorsBefore = system.getOpenFileDescriptorCount();
    List<SocketChannel> slow = new ArrayList<>();
    try {
      int slowCount = slowCount();
      open(Ends.at(listener), slowCount / 2, slow);
      Pipe newcomer = ends.dial(listener.address().port(), "name", OPTIONS, ends.messages());
      InParallel<Pipe.Sent> sent = InParallel.run(() -> newcomer.send(new byte[] {2}));
      open(Ends.at(listener), slowCount - slowCount / 2, slow);
      long seen = roundTrips.get();
      InParallel.await(() -> roundTrips.get() > seen + 10);
      Pipe newcomerTaken = ends.accept(listener);
      assertThat(newcomerTaken.messages().iterator().next().payload()).containsExactly(2);
      sent.join();
      // All that is left of the slow ones is their own end.
      InParallel.await(
          () -> system.getOpenFileDescriptorCount() < descriptorsBefore + slowCount + 100);
      long last = roundTrips.get();
      InParallel.await(() -> roundTrips.get() > last + 10);
      assertThat(pipe.stats().resumes()).isZero();
      assertThat(ends.listenerTold)
          .filteredOn(line -> line.startsWith("warning"))
          .hasSizeGreaterThan(slowCount / 2)
          .allMatch(line -> line.contains("no HELLO within 2s") || line.contains("turned away"));
    } finally {
      for (SocketChannel each : slow) {
        each.close();
      }
    }
    enough.set(true);
    living.join();
    pipe.sink().finish();
    echoing.join();
  }

  private int slowCount() {
    long free = system.getMaxFileDescriptorCount() - system.getOpenFileDescriptorCount();
    return (int) Math.min(SLOW_COUNT_MAX, (free - DESCRIPTORS_LEFT_OVER) / DESCRIPTORS_A_PEER);
  }

  /** Every other one says a part of its HELLO. */
  private static void open(InetSocketAddress address, int count, List<SocketChannel> into)
      throws Exception {
    ByteBuffer hello = RawPeer.encode(RawPeer.hello("name").build()).slice(0, 30);
    for (int index = 0; index < count; index++) {
      SocketChannel channel = SocketChannel.open(address);
      into.add(channel);
      if (index % 2 == 0) {
        try {
          channel.write(hello.duplicate());
        } catch (java.io.IOException e) {
          // Turned away before it spoke.
        }
      }
    }
  }
}
