package io.hostpipe.runtime.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class FaultProxyTest {
  private static final int PATIENCE_MILLIS = 120_000;

  /** Short enough for a test, long enough to tell a blackhole from a reset. */
  private static final Duration HOLD = Duration.ofMillis(300);

  private final BlockingQueue<Socket> accepted = new LinkedBlockingQueue<>();
  private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final FaultProxy proxy =
      FaultProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort()));

  FaultProxyTest() throws IOException {}

  @BeforeEach
  void accept() {
    proxy.hold(HOLD);
    Thread.ofVirtual()
        .start(() -> {
          try {
            while (true) {
              accepted.add(server.accept());
            }
          } catch (IOException e) {
            // The test is over.
          }
        });
  }

  @AfterEach
  void close() throws IOException {
    proxy.close();
    server.close();
    for (Socket each : accepted) {
      each.close();
    }
  }

  /** More than all buffers of the kernel below it, and than a path of another pace would hold. */
  @Test
  void aLongFastPathTakesWhatIsUnderWayOnItFromASenderWhosePeerDoesNotReadYet() throws Exception {
    proxy.pace(64 << 20);
    proxy.delay(Duration.ofMillis(700));
    byte[] there = random(64 << 20);
    try (Socket dialer = dial();
        Socket target = target()) {
      sendAndEnd(dialer, there);
      assertThat(target.getInputStream().readAllBytes()).isEqualTo(there);
    }
  }

  @Test
  void passesBothWaysAndTheEndOfEach() throws IOException, InterruptedException {
    byte[] there = random(1_000_000);
    byte[] back = random(300_000);
    try (Socket dialer = dial();
        Socket target = target()) {
      Thread.ofVirtual().start(() -> sendAndEnd(dialer, there));
      Thread.ofVirtual().start(() -> sendAndEnd(target, back));
      assertThat(target.getInputStream().readAllBytes()).isEqualTo(there);
      assertThat(dialer.getInputStream().readAllBytes()).isEqualTo(back);
    }
    assertThat(proxy.passedBytes()).isEqualTo(1_300_000);
    assertThat(proxy.connectionCount()).isEqualTo(1);
    assertThat(proxy.cuts()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void cutsJustBeforeTheByteItWasToldAndOnlyOnce(Fault fault)
      throws IOException, InterruptedException {
    proxy.cutAt(70_000, fault);
    byte[] bytes = random(200_000);
    try (Socket dialer = dial();
        Socket target = target()) {
      Thread.ofVirtual().start(() -> sendAndEnd(dialer, bytes));
      int arrived = readUntilCut(target);
      switch (fault) {
        case FIN, RESET, BLACKHOLE -> assertThat(arrived).isLessThanOrEqualTo(70_000);
        case TORN_FRAME -> assertThat(arrived).isBetween(70_001, 199_999);
        case ONE_WAY_BLACKHOLE -> assertThat(arrived).isGreaterThanOrEqualTo(70_000);
      }
    }
    try (Socket dialer = dial();
        Socket target = target()) {
      dialer.getOutputStream().write(7);
      assertThat(target.getInputStream().read()).isEqualTo(7);
    }
    assertThat(proxy.cuts())
        .singleElement()
        .satisfies(cut -> {
          assertThat(cut.fault()).isEqualTo(fault);
          assertThat(cut.position()).isEqualTo(70_000);
          assertThat(cut.connectionIndex()).isZero();
          assertThat(cut.outage()).isPositive();
        });
  }

  @Test
  void tellsNobodyOfABlackholeForAWhile() throws IOException, InterruptedException {
    proxy.hold(Duration.ofMinutes(1));
    try (Socket dialer = dial();
        Socket target = target()) {
      dialer.getOutputStream().write(1);
      assertThat(target.getInputStream().read()).isEqualTo(1);
      proxy.cutNow(Fault.BLACKHOLE);
      dialer.getOutputStream().write(2);
      target.getOutputStream().write(3);
      target.setSoTimeout(100);
      dialer.setSoTimeout(100);
      assertThatThrownBy(() -> target.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
      assertThatThrownBy(() -> dialer.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void swallowsOnlyWhatGoesAgainstTheStreamInAOneWayBlackhole()
      throws IOException, InterruptedException {
    proxy.hold(Duration.ofMinutes(1));
    try (Socket dialer = dial();
        Socket target = target()) {
      dialer.getOutputStream().write(1);
      assertThat(target.getInputStream().read()).isEqualTo(1);
      proxy.cutNow(Fault.ONE_WAY_BLACKHOLE);
      target.getOutputStream().write(3);
      dialer.getOutputStream().write(2);
      assertThat(target.getInputStream().read()).isEqualTo(2);
      dialer.setSoTimeout(100);
      assertThatThrownBy(() -> dialer.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void keepsToItsPace() throws IOException, InterruptedException {
    proxy.pace(1_000_000);
    long startNanos = System.nanoTime();
    try (Socket dialer = dial();
        Socket target = target()) {
      Thread.ofVirtual().start(() -> sendAndEnd(dialer, random(300_000)));
      assertThat(target.getInputStream().readAllBytes()).hasSize(300_000);
    }
    assertThat(System.nanoTime() - startNanos).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(250));
  }

  @Test
  void delaysWithoutSlowing() throws IOException, InterruptedException {
    proxy.delay(Duration.ofMillis(100));
    byte[] bytes = random(2_000_000);
    long startNanos = System.nanoTime();
    try (Socket dialer = dial();
        Socket target = target()) {
      Thread.ofVirtual().start(() -> sendAndEnd(dialer, bytes));
      assertThat(target.getInputStream().read()).isEqualTo(bytes[0] & 0xFF);
      assertThat(System.nanoTime() - startNanos).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(99));
      assertThat(target.getInputStream().readAllBytes())
          .isEqualTo(Arrays.copyOfRange(bytes, 1, bytes.length));
    }
  }

  @Test
  void writesByteByByteAndInvertsTheOneItWasTold() throws IOException, InterruptedException {
    proxy.byteByByte(true);
    proxy.flipAt(true, 1_234);
    proxy.flipAt(false, 0);
    byte[] bytes = random(5_000);
    try (Socket dialer = dial();
        Socket target = target()) {
      Thread.ofVirtual().start(() -> sendAndEnd(dialer, bytes));
      byte[] altered = bytes.clone();
      altered[1_234] = (byte) ~altered[1_234];
      assertThat(target.getInputStream().readAllBytes()).isEqualTo(altered);
      target.getOutputStream().write(1);
      assertThat(dialer.getInputStream().read()).isEqualTo(0xFE);
    }
  }

  @Test
  void refusesLikeAHostWithoutTheService() throws IOException, InterruptedException {
    proxy.refuse(true);
    try (Socket dialer = dial()) {
      assertThatThrownBy(() -> dialer.getInputStream().read()).isInstanceOf(SocketException.class);
    }
    proxy.refuse(false);
    try (Socket dialer = dial();
        Socket target = target()) {
      dialer.getOutputStream().write(1);
      assertThat(target.getInputStream().read()).isEqualTo(1);
    }
    assertThat(proxy.connectionCount()).isEqualTo(1);
  }

  @Test
  void resetsEverythingWhenClosed() throws IOException, InterruptedException {
    try (Socket dialer = dial();
        Socket target = target()) {
      dialer.getOutputStream().write(1);
      assertThat(target.getInputStream().read()).isEqualTo(1);
      proxy.close();
      assertThatThrownBy(() -> dialer.getInputStream().read()).isInstanceOf(SocketException.class);
      assertThatThrownBy(() -> target.getInputStream().read()).isInstanceOf(SocketException.class);
      assertThatThrownBy(this::dial).isInstanceOf(IOException.class);
    }
  }

  @Test
  void countsTheOutageOfEachCutBeforeAHealedConnection() throws IOException, InterruptedException {
    for (int index = 0; index < 3; index++) {
      try (Socket dialer = dial();
          Socket target = target()) {
        dialer.getOutputStream().write(1);
        assertThat(target.getInputStream().read()).isEqualTo(1);
        proxy.cutNow(Fault.RESET);
      }
    }
    List<Cut> cuts = proxy.cuts();
    assertThat(cuts).extracting(Cut::connectionIndex).containsExactly(0, 1, 2);
    assertThat(cuts.get(1).outage()).isPositive();
    assertThat(cuts.get(2).outage()).isNull();
  }

  private Socket dial() throws IOException {
    Socket socket = new Socket(proxy.address().getAddress(), proxy.address().getPort());
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  private Socket target() throws IOException, InterruptedException {
    Socket socket = accepted.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    assertThat(socket).as("a connection at the target").isNotNull();
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  private static void sendAndEnd(Socket socket, byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
      socket.shutdownOutput();
    } catch (IOException e) {
      // Cut by the test: what arrived is what counts.
    }
  }

  private static int readUntilCut(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    ByteArrayOutputStream arrived = new ByteArrayOutputStream();
    try {
      in.transferTo(arrived);
    } catch (SocketException e) {
      // A reset is one of the ways to be cut.
    }
    return arrived.size();
  }

  private static byte[] random(int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    new Random(lengthBytes).nextBytes(bytes);
    return bytes;
  }
}
