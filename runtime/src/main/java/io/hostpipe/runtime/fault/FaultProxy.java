package io.hostpipe.runtime.fault;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A TCP proxy on loopback that slows, delays, splits, corrupts and cuts what passes it.
 *
 * <p>Cuts are planned at positions: the count of bytes that have passed, both ways and over all
 * connections. So a plan means the same on a fast and a slow machine. Every setting may change
 * while bytes pass. Thread rule: any thread; each connection is served by virtual threads.
 */
public final class FaultProxy implements AutoCloseable {
  /** A byte that is to arrive altered: which byte of a direction, counted over all connections. */
  private record Flip(boolean towardTarget, long position) {}

  /** A cut to come. */
  private record Planned(Fault fault, long position) {}

  /** A cut that was made, and when. */
  private record Made(Cut cut, long atNanos) {}

  private final SocketAddress target;
  private final ServerSocketChannel listener;
  private final SocketAddress address;
  private final Pacer pacer = new Pacer();
  private final ReentrantLock lock = new ReentrantLock();

  // Under the lock.
  private final PriorityQueue<Planned> planned =
      new PriorityQueue<>(Comparator.comparingLong(Planned::position));
  private final List<Made> made = new ArrayList<>();
  private final Set<Flip> flips = new HashSet<>();
  private final Set<FaultyConnection> connections = new HashSet<>();
  private final long[] passedBytes = new long[2];
  private int connectionCount;
  private @Nullable Fault cutEach;
  private boolean refusing;
  private boolean closed;

  private volatile Duration delay = Duration.ZERO;
  private volatile Duration hold = Duration.ofMillis(1_500);
  private volatile boolean byteByByte;

  private FaultProxy(SocketAddress target, ServerSocketChannel listener) throws IOException {
    this.target = target;
    this.listener = listener;
    this.address = listener.getLocalAddress();
  }

  /** A proxy on a free port of loopback, open for connections, that forwards to this address. */
  public static FaultProxy to(InetSocketAddress target) throws IOException {
    return between(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), target);
  }

  /**
   * A proxy that listens here and forwards there, over TCP or unix sockets. A unix socket knows no
   * reset: where one would come, both sides see the end of the connection.
   */
  public static FaultProxy between(SocketAddress here, SocketAddress target) throws IOException {
    ServerSocketChannel listener =
        here instanceof UnixDomainSocketAddress
            ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
            : ServerSocketChannel.open();
    try {
      listener.bind(here);
      FaultProxy proxy = new FaultProxy(target, listener);
      Thread.ofVirtual().name("fault-proxy").start(proxy::acceptUntilClosed);
      return proxy;
    } catch (IOException e) {
      listener.close();
      throw e;
    }
  }

  /** Where it listens, when that is a port. */
  public InetSocketAddress address() {
    return (InetSocketAddress) address;
  }

  /** Where it listens. */
  public SocketAddress place() {
    return address;
  }

  /** Lets so many bytes a second pass, all connections and both ways together; 0 is any. */
  public void pace(long bytesPerSecond) {
    pacer.rate(bytesPerSecond);
  }

  /**
   * Lets everything arrive so much later, each way. Takes effect with the next connection. As much
   * as the pace at that moment brings in this time is under way, and as much again may wait for its
   * turn: so with both a proxy is a long path, of which a sender sees no more than of a real one,
   * except for loss, and for what TCP makes of loss: below it are two loopback connections.
   */
  public void delay(Duration later) {
    delay = later;
  }

  /** How long a blackhole stays before the reset. */
  public void hold(Duration blackhole) {
    hold = blackhole;
  }

  /** Whether each byte is written by itself. */
  public void byteByByte(boolean single) {
    byteByByte = single;
  }

  /** Whether new connections are reset at once, as by a host whose service is down. */
  public void refuse(boolean refuse) {
    lock.lock();
    try {
      refusing = refuse;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Cuts the connection over which the byte at this position passes, just before it.
   *
   * @param position counted over both ways and all connections
   */
  public void cutAt(long position, Fault fault) {
    lock.lock();
    try {
      planned.add(new Planned(fault, position));
    } finally {
      lock.unlock();
    }
  }

  /** Cuts each new connection before its first byte; null ends that. */
  public void cutEach(@Nullable Fault fault) {
    lock.lock();
    try {
      cutEach = fault;
    } finally {
      lock.unlock();
    }
  }

  /** Cuts all connections there are at this moment. */
  public void cutNow(Fault fault) {
    List<FaultyConnection> all;
    lock.lock();
    try {
      all = List.copyOf(connections);
      for (FaultyConnection connection : all) {
        record(fault, connection.index());
      }
    } finally {
      lock.unlock();
    }
    for (FaultyConnection connection : all) {
      connection.cut(fault, true);
    }
  }

  /**
   * Inverts one byte.
   *
   * @param towardTarget whether it goes from the dialing side to the target
   * @param position which byte of that direction, over all connections
   */
  public void flipAt(boolean towardTarget, long position) {
    lock.lock();
    try {
      flips.add(new Flip(towardTarget, position));
    } finally {
      lock.unlock();
    }
  }

  /** The bytes that have passed, both ways. */
  public long passedBytes() {
    lock.lock();
    try {
      return passedBytes[0] + passedBytes[1];
    } finally {
      lock.unlock();
    }
  }

  /** How many connections came in. */
  public int connectionCount() {
    lock.lock();
    try {
      return connectionCount;
    } finally {
      lock.unlock();
    }
  }

  /** The cuts made so far, in order. */
  public List<Cut> cuts() {
    lock.lock();
    try {
      List<Cut> cuts = new ArrayList<>();
      for (Made each : made) {
        cuts.add(each.cut);
      }
      return cuts;
    } finally {
      lock.unlock();
    }
  }

  /** Resets every connection and takes no more. Idempotent. */
  @Override
  public void close() {
    List<FaultyConnection> all;
    lock.lock();
    try {
      closed = true;
      all = List.copyOf(connections);
    } finally {
      lock.unlock();
    }
    closeQuietly(listener);
    all.forEach(FaultyConnection::reset);
  }

  Duration delay() {
    return delay;
  }

  Duration hold() {
    return hold;
  }

  boolean writesByteByByte() {
    return byteByByte;
  }

  Pacer pacer() {
    return pacer;
  }

  /**
   * How much of a run of bytes may pass now.
   *
   * @param lengthBytes that may pass; all of them when there is no fault
   * @param flipIndex which of them is to be inverted; -1 for none
   * @param fault what happens behind them; null when nothing does
   */
  record Grant(int lengthBytes, int flipIndex, @Nullable Fault fault) {}

  /** Lets bytes pass up to the next cut, and notes both. */
  Grant grant(FaultyConnection connection, boolean towardTarget, int wantedBytes) {
    lock.lock();
    try {
      noteHealed(connection.index());
      Planned next = planned.peek();
      long passed = passedBytes[0] + passedBytes[1];
      if (next == null || next.position >= passed + wantedBytes) {
        return new Grant(wantedBytes, pass(towardTarget, wantedBytes), null);
      }
      planned.remove();
      int lengthBytes = (int) Math.max(0, next.position - passed);
      int flipIndex = pass(towardTarget, lengthBytes);
      record(next.fault, connection.index());
      return new Grant(lengthBytes, flipIndex, next.fault);
    } finally {
      lock.unlock();
    }
  }

  /** Counts bytes; tells which of them is to be inverted. Under the lock. */
  private int pass(boolean towardTarget, int lengthBytes) {
    int direction = towardTarget ? 1 : 0;
    long passed = passedBytes[direction];
    passedBytes[direction] += lengthBytes;
    for (Flip flip : flips) {
      long index = flip.position - passed;
      if (flip.towardTarget == towardTarget && index >= 0 && index < lengthBytes) {
        flips.remove(flip);
        return (int) index;
      }
    }
    return -1;
  }

  void remove(FaultyConnection connection) {
    lock.lock();
    try {
      connections.remove(connection);
    } finally {
      lock.unlock();
    }
  }

  private void record(Fault fault, int connectionIndex) {
    Cut cut = new Cut(fault, passedBytes[0] + passedBytes[1], connectionIndex, null);
    made.add(new Made(cut, System.nanoTime()));
  }

  /** The first bytes of a later connection end the outage of the cuts before it. */
  private void noteHealed(int connectionIndex) {
    for (int index = made.size() - 1; index >= 0; index--) {
      Made each = made.get(index);
      if (each.cut.outage() != null) {
        return;
      }
      if (each.cut.connectionIndex() < connectionIndex) {
        Duration outage = Duration.ofNanos(System.nanoTime() - each.atNanos);
        Cut cut = each.cut;
        made.set(
            index,
            new Made(
                new Cut(cut.fault(), cut.position(), cut.connectionIndex(), outage), each.atNanos));
      }
    }
  }

  private void acceptUntilClosed() {
    while (listener.isOpen()) {
      try {
        SocketChannel near = listener.accept();
        Thread.ofVirtual().name("fault-connection").start(() -> serve(near));
      } catch (IOException e) {
        // Closed, or one connection was gone before it was taken: the next one decides.
      }
    }
  }

  private void serve(SocketChannel near) {
    FaultyConnection connection;
    try {
      set(near, StandardSocketOptions.TCP_NODELAY, true);
      SocketChannel far = isRefusing() ? null : SocketChannel.open(target);
      if (far == null) {
        reset(near);
        return;
      }
      set(far, StandardSocketOptions.TCP_NODELAY, true);
      connection = welcome(near, far);
    } catch (IOException e) {
      reset(near);
      return;
    }
    connection.run();
  }

  private boolean isRefusing() {
    lock.lock();
    try {
      return refusing || closed;
    } finally {
      lock.unlock();
    }
  }

  private FaultyConnection welcome(SocketChannel near, SocketChannel far) {
    FaultyConnection connection;
    Fault first;
    lock.lock();
    try {
      connection = new FaultyConnection(this, near, far, connectionCount++);
      if (closed) {
        connection.reset();
      } else {
        connections.add(connection);
      }
      first = cutEach;
      if (first != null) {
        record(first, connection.index());
      }
    } finally {
      lock.unlock();
    }
    if (first != null) {
      connection.cut(first, true);
    }
    return connection;
  }

  /** Closes so that the peer sees a reset. */
  static void reset(SocketChannel channel) {
    try {
      set(channel, StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException e) {
      // It is closed already, and closed again below at no harm.
    }
    closeQuietly(channel);
  }

  private static <T> void set(SocketChannel channel, SocketOption<T> option, T value)
      throws IOException {
    if (channel.supportedOptions().contains(option)) {
      channel.setOption(option, value);
    }
  }

  static void closeQuietly(AutoCloseable channel) {
    try {
      channel.close();
    } catch (Exception e) {
      // Nothing more can be done to a channel that does not even close.
    }
  }
}
