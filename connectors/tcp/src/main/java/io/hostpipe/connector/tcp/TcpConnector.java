package io.hostpipe.connector.tcp;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.runtime.Sessions;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import io.hostpipe.spi.PipeContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** {@code tcp} dials and {@code tcp-listen} waits: the session protocol over plain TCP. */
public final class TcpConnector implements Connector {
  private static final String DIALS = "tcp";
  private static final String LISTENS = "tcp-listen";

  private static final int PORT_DEFAULT = 9000;
  private static final int BACKLOG_DEFAULT = 16;
  private static final int BACKLOG_MAX = 100_000;

  /**
   * How many connections may wait in the kernel to be taken. Beyond that it forgets them, and a
   * peer who is waiting to be spoken to never learns: so this is as much as Linux allows by
   * default.
   */
  private static final int QUEUE_LENGTH_MIN = 4_096;

  private static final long WINDOW_BYTES_MAX = 1L << 30;
  private static final Duration DIAL_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration DURATION_MIN = Duration.ofMillis(10);
  private static final Duration DURATION_MAX = Duration.ofHours(1);

  private static final OptionSpec HEARTBEAT =
      OptionSpec.value(
          "heartbeat", "DURATION", "5s", "ask for a sign of life after so long; dead after three");
  private static final OptionSpec HANDSHAKE =
      OptionSpec.value(
          "handshake", "DURATION", "5s", "how long a new connection may take to introduce itself");
  private static final OptionSpec LINGER =
      OptionSpec.value(
          "linger", "DURATION", "10s", "how long a finished receiver stays for a lost farewell");
  private static final OptionSpec WINDOW =
      OptionSpec.value("window", "BYTES", "8MiB", "how many bytes may be under way");
  private static final OptionSpec BACKLOG =
      OptionSpec.value("backlog", "N", "16", "how many welcomed pipes may wait to be accepted");
  private static final OptionSpec AUTH =
      OptionSpec.value("auth", "none", null, "let strangers off this host in, unprotected");

  private static final List<OptionSpec> DIAL_OPTIONS =
      List.of(HEARTBEAT, HANDSHAKE, LINGER, WINDOW);
  private static final List<OptionSpec> LISTEN_OPTIONS =
      List.of(HEARTBEAT, HANDSHAKE, LINGER, WINDOW, BACKLOG, AUTH);

  private static final Capabilities CAPABILITIES =
      new Capabilities(
          false,
          true,
          false,
          true,
          true,
          true,
          "what is under way is kept in memory: it survives broken links, not the end of either"
              + " process");

  private static final TcpPorts PORTS = new TcpPorts();

  @Override
  public Set<String> schemes() {
    return Set.of(DIALS, LISTENS);
  }

  @Override
  public Kind kind(String scheme) {
    return scheme.equals(DIALS) ? Kind.CONNECTS : Kind.LISTENS;
  }

  @Override
  public String help(String scheme) {
    return scheme.equals(DIALS)
        ? "tcp://HOST:PORT/NAME dials a Hostpipe that listens there for NAME"
        : "tcp-listen://HOST:PORT/NAME waits for a Hostpipe that dials for NAME";
  }

  @Override
  public Capabilities capabilities(Address address) {
    return CAPABILITIES;
  }

  @Override
  public List<OptionSpec> options(String scheme) {
    return scheme.equals(DIALS) ? DIAL_OPTIONS : LISTEN_OPTIONS;
  }

  @Override
  public Pipe connect(Address address, PipeContext context) throws PipeException {
    SessionOptions options = sessionOptions(address);
    if (address.host().isEmpty()) {
      throw new PipeException.Config(address + ": whom to dial? as in tcp://host:9000/name");
    }
    if (address.port() == 0) {
      throw new PipeException.Config(address + ": nobody can be dialed at port 0; name the port");
    }
    TcpDialer dialer = new TcpDialer(address.host(), port(address), DIAL_TIMEOUT);
    return Sessions.connect(address.path(), address.toString(), dialer, context, options);
  }

  @Override
  public Listener listen(Address address, PipeContext context) throws PipeException {
    SessionOptions options = sessionOptions(address);
    InetSocketAddress bind = bindAddress(address);
    int backlog = OptionValues.integer(address, "backlog", BACKLOG_DEFAULT, 1, BACKLOG_MAX);
    int queueLength = Math.max(backlog, QUEUE_LENGTH_MIN);
    return PORTS.listen(address, bind, queueLength, backlog, context, options);
  }

  @Override
  public String check(Address address, boolean asSource) throws PipeException {
    sessionOptions(address);
    if (address.scheme().equals(LISTENS)) {
      InetSocketAddress bind = bindAddress(address);
      try (TcpLinkListener probe = TcpLinkListener.bind(bind, 1, address.toString())) {
        return "can listen on port " + probe.port();
      }
    }
    TcpDialer dialer = new TcpDialer(address.host(), port(address), DIAL_TIMEOUT);
    try (var link = dialer.dial()) {
      return link.peer() + " takes connections";
    } catch (IOException e) {
      throw new PipeException.Unreachable(
          address + ": " + e.getMessage() + "; is the other end started?", e);
    }
  }

  private static SessionOptions sessionOptions(Address address) throws PipeException {
    OptionValues.checkNames(
        address, address.scheme().equals(DIALS) ? DIAL_OPTIONS : LISTEN_OPTIONS);
    SessionOptions defaults = SessionOptions.DEFAULT;
    return new SessionOptions(
        OptionValues.duration(
            address, "heartbeat", defaults.heartbeat(), DURATION_MIN, DURATION_MAX),
        OptionValues.duration(
            address, "handshake", defaults.handshake(), DURATION_MIN, DURATION_MAX),
        OptionValues.duration(address, "linger", defaults.linger(), Duration.ZERO, DURATION_MAX),
        OptionValues.bytes(address, "window", defaults.windowBytes(), 1, WINDOW_BYTES_MAX));
  }

  private static int port(Address address) {
    return address.port() < 0 ? PORT_DEFAULT : address.port();
  }

  /**
   * Where to listen. Nothing protects a plain session, so off this host the user has to say that
   * this is meant.
   */
  private static InetSocketAddress bindAddress(Address address) throws PipeException {
    String auth = address.option("auth");
    if (auth != null && !auth.equals("none")) {
      throw new PipeException.Config(address + ": auth can only be 'none' on a plain listener");
    }
    InetSocketAddress bind =
        address.host().isEmpty()
            ? new InetSocketAddress(port(address))
            : new InetSocketAddress(address.host(), port(address));
    if (bind.isUnresolved()) {
      throw new PipeException.Config(address + ": no such host: " + address.host());
    }
    InetAddress host = bind.getAddress();
    if (auth == null && !host.isLoopbackAddress()) {
      String place = "://" + address.host() + ":" + port(address) + "/" + address.path();
      throw new PipeException.Config(
          address
              + " would let anybody who reaches this host write and read, in the clear; say one of\n"
              + "  tls-listen"
              + place
              + "            encrypted and authenticated (needs a version with TLS)\n"
              + "  tcp-listen"
              + place
              + " auth=none  open to everybody: for networks that you trust");
    }
    return bind;
  }
}
