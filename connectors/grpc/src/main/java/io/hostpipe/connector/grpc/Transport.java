package io.hostpipe.connector.grpc;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.Status;
import io.hostpipe.runtime.tls.Agreed;
import io.hostpipe.runtime.tls.TlsSide;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** What all gRPC ends of this process share. Thread rule: any thread. */
final class Transport {
  /** After so long without a sign the transport asks for one. */
  static final long KEEPALIVE_NANOS = TimeUnit.SECONDS.toNanos(20);

  /** And so long it waits for the answer. */
  static final long KEEPALIVE_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Peers that ask more often than this are sent away: that is what gRPC's own rule is for. */
  static final long KEEPALIVE_PERMITTED_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final int WINDOW_BYTES_MIN = 64 << 10;

  /**
   * Heads of frames and acknowledgements travel in the same window as what credit was given for.
   */
  private static final int WINDOW_SLACK_BYTES = 64 << 10;

  /** One that sends and one that receives at least: one process may be both. */
  private static final int THREAD_COUNT_MIN = 2;

  /** Kept, because a logger that nobody holds forgets its level. */
  private static final List<Logger> QUIET =
      List.of(Logger.getLogger("io.grpc"), Logger.getLogger("io.netty"));

  /** Its threads are daemons: they hold no process back. */
  static final EventLoopGroup LOOPS = newLoops();

  private Transport() {}

  private static EventLoopGroup newLoops() {
    // What they would log is told by this side in its own words; without a configuration it would
    // go to stderr, between the lines that are for the user.
    if (System.getProperty("java.util.logging.config.file") == null
        && System.getProperty("java.util.logging.config.class") == null) {
      QUIET.forEach(logger -> logger.setLevel(Level.OFF));
    }
    return new MultiThreadIoEventLoopGroup(
        Math.max(THREAD_COUNT_MIN, Runtime.getRuntime().availableProcessors()),
        new DefaultThreadFactory("hostpipe-grpc", true),
        NioIoHandler.newFactory());
  }

  /**
   * The HTTP/2 window of a stream and of its connection for this much credit. What the session
   * allows the peer to send must fit, or the transport would hold back what was asked for; what
   * does not fit into the session's credit is not sent, so nothing is lost by its size.
   */
  static int windowBytes(long creditBytes) {
    return Math.toIntExact(
        Math.clamp(creditBytes + WINDOW_SLACK_BYTES, WINDOW_BYTES_MIN, Integer.MAX_VALUE));
  }

  /** The other end for people. */
  static String peer(Attributes attributes) {
    return shown(attributes.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
  }

  /** The same of its address. */
  static String shown(@Nullable SocketAddress address) {
    if (!(address instanceof InetSocketAddress inet)) {
      return "unknown peer";
    }
    String host = inet.getAddress().getHostAddress();
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + inet.getPort();
  }

  /**
   * What holds on the connection of a call.
   *
   * @param tls this side of it; null on a plain connection
   */
  static @Nullable Agreed agreed(Attributes attributes, @Nullable TlsSide tls) throws SSLException {
    if (tls == null) {
      return null;
    }
    SSLSession session = attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
    if (session == null) {
      throw new SSLException("a connection without TLS");
    }
    return tls.agreed(session);
  }

  /** A status in one line for people. */
  static String shown(Status status) {
    StringBuilder text = new StringBuilder("gRPC ").append(status.getCode());
    append(text, status.getDescription());
    for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
      append(text, cause.getMessage());
    }
    return text.toString();
  }

  private static void append(StringBuilder text, @Nullable String more) {
    // That it was an exception of I/O says nothing beside its cause.
    if (more != null && !more.equals("io exception") && text.indexOf(more) < 0) {
      text.append(": ").append(more.lines().findFirst().orElse(""));
    }
  }
}
